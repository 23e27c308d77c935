"""Upload a file in two steps: the file, then what becomes of it."""

import os
import re
import threading
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console import tables, uploads
from console.models import Table
from integrations import threads
from tests.together import at_once

pytestmark = pytest.mark.django_db
UPLOAD = "/workbench/upload/"
CSV = b"id,Email Address,joined\n1,ann@example.com,2026-01-31\n2,,2026-02-01\n"


@pytest.fixture
def send(client, marketer, shop):
    """Send the file of the first step."""
    client.force_login(marketer)

    def send(content=CSV, name="new people.csv", **more):
        file = SimpleUploadedFile(name, content)
        return client.post(UPLOAD, {"database": "shop", "file": file} | more)

    return send


def as_shown(response, **changed):
    """Return what the second step's form would send as it is shown."""
    html = response.content.decode()
    fields = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', html))
    selects = re.findall(r'<select name="(form-[^"]+)".*?<option selected>([^<]+)', html, re.S)
    fields |= dict(selects) | {"mode": "create"} | changed
    return {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}


def test_a_file_becomes_a_table(client, send):
    second = send()
    shown = client.get(second.url)
    assert "email_address" in shown.content.decode() and "ann@example.com" in shown.content.decode()

    response = client.post(second.url, as_shown(shown), follow=True)

    table = Table.objects.get(name="new_people")
    assert table.columns == [["id", "bigint"], ["email_address", "varchar"], ["joined", "date"]]
    assert tables.head(table)[0][1] == "ann@example.com"
    assert "new people.csv is in shop.new_people, which has 2 rows." in response.content.decode()


def test_names_and_types_can_be_changed(client, send):
    url = send().url
    changed = {"name": "crew", "form-0-name": "crew_id", "form-0-type": "varchar"}

    client.post(url, as_shown(client.get(url), **changed))

    assert Table.objects.get(name="crew").columns[0] == ["crew_id", "varchar"]


def test_rows_are_appended_and_replaced(client, send):
    people = Table.objects.get(name="people")
    rows = b"id,name,email\n7,eve,e@example.com\n"
    for mode, count in {"append": 3, "replace": 1}.items():
        url = send(rows, "people.csv").url
        client.post(url, as_shown(client.get(url), mode=f"{mode}:people"))
        people.refresh_from_db()
        assert people.rows == count


def test_what_happens_to_rows_that_are_there_has_to_be_chosen(client, send):
    url = send(b"id,name,email\n7,eve,e@example.com\n", "people.csv").url
    shown = client.get(url)
    unchanged = as_shown(shown)
    del unchanged["mode"]

    response = client.post(url, unchanged)

    assert "Add the rows of the file to the 2 rows of people" in shown.content.decode()
    assert "Replace the 2 rows of people, which are then lost" in shown.content.decode()
    assert " checked" not in shown.content.decode()
    assert response.status_code == 422
    assert "Choose what happens to the rows that are there." in response.content.decode()
    assert Table.objects.get(name="people").rows == 2


def test_a_choice_about_one_table_is_not_one_about_another(client, send):
    url = send(name="people.csv").url

    response = client.post(url, as_shown(client.get(url), name="orders", mode="replace:people"))

    assert response.status_code == 422
    assert "Replace the 1 row of orders, which is then lost" in response.content.decode()
    assert " checked" not in response.content.decode()
    assert Table.objects.get(name="orders").rows == 1


def test_the_file_is_gone_once_it_is_imported(client, send, settings):
    url = send().url
    assert list(settings.UPLOADS_DIR.glob("*/*/new people.csv"))

    client.post(url, as_shown(client.get(url)))

    assert not list(settings.UPLOADS_DIR.glob("*/*"))
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("mode", ["create", "append:people", "replace:people"])
def test_a_second_click_on_import_leads_to_the_table(client, send, mode):
    name = "crew" if mode == "create" else "people"
    url = send(b"id,name,email\n7,eve,e@example.com\n", f"{name}.csv").url
    filled = as_shown(client.get(url), mode=mode)

    answers = [client.post(url, filled) for _ in range(2)]

    table = Table.objects.get(name=name)
    assert [answer.url for answer in answers] == [table.get_absolute_url()] * 2
    assert table.rows == {"create": 1, "append:people": 3, "replace:people": 1}[mode]


def test_a_retry_after_the_import_did_not_end_adds_nothing(client, send, monkeypatch):
    url = send(b"id,name,email\n7,eve,e@example.com\n", "people.csv").url
    filled = as_shown(client.get(url), mode="append:people")
    with monkeypatch.context() as patched:
        patched.setattr(uploads, "forget", lambda kept: None)  # The web server was killed.
        client.post(url, filled)

    client.post(url, filled)

    assert Table.objects.get(name="people").rows == 3


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_import(client, marketer, send):
    url = send(b"id,name,email\n7,eve,e@example.com\n", "people.csv").url
    filled = as_shown(client.get(url), mode="append:people")

    def click(_):
        other = Client()
        other.force_login(marketer)
        return other.post(url, filled)

    answers = at_once(2, click)

    table = Table.objects.get(name="people")
    assert {answer.url for answer in answers} == {table.get_absolute_url()} and table.rows == 3


def test_a_file_is_looked_into_once(client, send, monkeypatch):
    url = send().url
    shown = client.get(url)
    monkeypatch.setattr(uploads, "sniff", None)

    assert "ann@example.com" in client.get(url).content.decode()
    assert client.post(url, as_shown(shown)).status_code == 302


def test_who_comes_while_all_places_are_taken_is_told_and_loses_nothing(client, send, monkeypatch):
    free, taken = threads.PLACES, threading.Semaphore(0)
    monkeypatch.setattr(threads, "PLACES", taken)
    url = send().url
    busy = client.get(url)
    assert busy.status_code == 503 and "Nothing has to be sent again" in busy.content.decode()

    monkeypatch.setattr(threads, "PLACES", free)
    filled = as_shown(client.get(url), name="crew")
    monkeypatch.setattr(threads, "PLACES", taken)
    refused = client.post(url, filled)
    assert refused.status_code == 422 and 'value="crew"' in refused.content.decode()
    assert "Press Import again in a moment." in refused.content.decode()

    monkeypatch.setattr(threads, "PLACES", free)
    assert client.post(url, filled).status_code == 302


def test_a_broken_file_is_refused_beside_its_field(send, settings):
    broken = CSV + b'3,"never closed,2026-01-01\n'

    response = send(broken)

    page = response.content.decode()
    assert response.status_code == 422
    said = re.search(r'id="id_file_error".*?new people\.csv: .*?[Ll]ine 4', page, re.S)
    assert said and 'aria-describedby="id_file_helptext id_file_error"' in page
    assert re.search(r'<input type="file"[^>]* autofocus', page)
    assert '<option value="shop" selected>' in page and "toast bad" not in page
    assert not list(settings.UPLOADS_DIR.rglob("*.csv"))
    assert Table.objects.count() == 2


def test_a_value_that_does_not_fit_the_type_changes_nothing(client, send):
    url = send().url

    response = client.post(url, as_shown(client.get(url), **{"form-1-type": "bigint"}))

    assert response.status_code == 422
    assert "Nothing was changed." in response.content.decode()
    assert Table.objects.count() == 2
    assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"name": "people"}, "There already is a table shop.people."),
        ({"name": "no such"}, "cannot be the name of a table"),
        ({"name": "nothing", "mode": "append:people"}, "choose what happens to this one"),
        ({"form-0-name": "joined"}, "Two columns are named"),
        ({"form-0-name": "a b"}, "cannot be the name of a column"),
        ({"form-0-name": ""}, "This field is required."),
        ({"form-0-type": "blob; drop"}, ""),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(client, send, changed, reason):
    url = send().url

    response = client.post(url, as_shown(client.get(url), **changed))

    assert response.status_code == 422
    assert reason in response.content.decode().replace("&#x27;", "'")
    assert Table.objects.count() == 2


def test_a_file_of_another_kind_is_refused(send):
    response = send(b"MZ", "game.exe")

    assert response.status_code == 422
    assert "does not tell what kind of file it is" in response.content.decode()


def test_a_file_that_is_too_large_is_refused(send, settings):
    settings.UPLOAD_MAX_MB = 0

    response = send()

    assert response.status_code == 422
    assert "larger than" in response.content.decode()


def test_the_first_line_can_be_a_row(client, send):
    url = send(b"ann,1\nbob,2\n").url

    shown = client.get(url + "?header=no")
    client.post(url + "?header=no", as_shown(shown, name="crew"))

    assert Table.objects.get(name="crew").rows == 2


def test_somebody_elses_upload_is_not_found(client, send, colleague):
    url = send().url
    client.force_login(colleague)

    assert client.get(url).status_code == 404


def test_one_may_not_upload_into_a_database_one_only_reads(client, send, colleague):
    client.force_login(colleague)

    assert "There is no database that you may write to" in client.get(UPLOAD).content.decode()
    assert send().status_code == 422


def test_a_file_name_cannot_lead_elsewhere(send, settings):
    send(CSV, "../../../evil.csv")

    (kept,) = settings.UPLOADS_DIR.rglob("*.csv")
    assert kept.name == "evil.csv" and len(kept.relative_to(settings.UPLOADS_DIR).parts) == 3


def test_files_that_were_left_behind_are_forgotten(send, settings):
    send(name="old.csv")
    (folder,) = settings.UPLOADS_DIR.glob("*/*")
    past = time.time() - uploads.KEPT_SECONDS - 60
    os.utime(folder, (past, past))

    send(name="new.csv")

    assert [path.name for path in settings.UPLOADS_DIR.rglob("*.csv")] == ["new.csv"]


def test_htmx_is_sent_on_without_a_swap(client, send):
    file = SimpleUploadedFile("people.csv", CSV)
    headers = {"HX-Request": "true"}

    response = client.post(UPLOAD, {"database": "shop", "file": file}, headers=headers)
    bare = client.post(UPLOAD, {"database": "shop"}, headers=headers)

    assert response.headers["HX-Redirect"].startswith("/workbench/upload/shop/")
    assert bare.status_code == 422 and "<html" not in bare.content.decode()


@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_a_file_with_a_long_name_is_taken(client, send, letter):
    second = send(name=f"{letter * 150}.csv")

    assert client.get(second.url).status_code == 200
