"""Who got what: looked up by those who may, found with all that went along, and written down."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.utils import timezone

from console import jobs, locks
from console.deliveries import keys, looking_up
from console.jobs.lease import claim
from console.models import Database, Delivery, Job, LogKey, LookUp, Table
from console.tables import TableError, create_database
from tests.console.deliveries import found

ADDRESS = "/studio/who-got-what/"
ANN = "ann@example.com"
ABOUT = {
    **{"activation_id": 7, "activation_name": "Win back", "segment_id": 3},
    **{"segment_name": "Lapsed", "audience_id": 1, "audience_name": "Customers"},
}
needs_server = pytest.mark.needs("sshd", "ssh-keygen")


@pytest.fixture
def ada(keeper, client):
    client.force_login(keeper)
    return keeper


def look(client, text):
    return client.post(ADDRESS, {"identifier": text}, follow=True)


@needs_server
def test_a_delivery_is_found_with_all_that_went_along(send, ada, client):
    job = send(about=ABOUT)

    page = look(client, f" {ANN.upper()} ").text

    assert "1 delivery" in page and "Win back" in page and "Segment Lapsed" in page
    assert f"/in/{job.pk}.csv" in page and "email (e-mail address)" in page
    assert "cdp_customer_id, email, phone, note" in page
    assert f'href="/workbench/jobs/{job.pk}/receipt.json"' in page
    shown = client.get(job.get_absolute_url()).text
    assert "Logged</dt><dd>cdp_customer_id, email, phone, note" in shown
    assert "Keyed hashes of these columns were written down for <em>Who got what</em>" in shown
    assert ANN.upper() not in page and ANN not in page


@needs_server
def test_what_was_found_can_be_downloaded(send, ada, client):
    job = send(about=ABOUT)
    look(client, ANN)

    answer = client.get(f"{LookUp.objects.get().get_absolute_url()}deliveries.csv")

    [line] = csv.DictReader(StringIO(answer.getvalue().decode()))
    assert (line["job"], line["activation_name"], line["segment_id"]) == (
        str(job.pk),
        "Win back",
        "3",
    )
    assert line["destination"].endswith(f"/in/{job.pk}.csv")
    assert line["carried_in"] == "email (e-mail address)"
    assert (line["status"], line["connection"]) == ("delivered", "Drop")


@needs_server
def test_a_name_in_the_csv_is_no_formula_for_a_spreadsheet(send, ada, client):
    names = {"activation_name": "=HYPERLINK(A1)", "segment_name": "\t=1+1"}
    send(name="@SUM(1)", about=ABOUT | names)
    look(client, ANN)

    answer = client.get(f"{LookUp.objects.get().get_absolute_url()}deliveries.csv")

    [line] = csv.DictReader(StringIO(answer.getvalue().decode()))
    assert (line["query"], line["activation_name"]) == ("'@SUM(1)", "'=HYPERLINK(A1)")
    assert (line["segment_name"], line["audience_name"]) == ("'\t=1+1", "Customers")


@needs_server
def test_each_look_up_is_written_down_without_what_was_looked_up(send, ada, client):
    send()
    look(client, ANN)

    look_up = LookUp.objects.get()
    assert (look_up.by, look_up.kind, len(look_up.matches)) == (ada, "e-mail address", 1)
    assert ANN not in str(LookUp.objects.values())
    page = client.get(ADDRESS).text
    assert "Who looked something up" in page and look_up.hashes[0] in page


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Enter an e-mail address, an id, a phone number or a SHA-256."),
        ("   ", "Enter an e-mail address, an id, a phone number or a SHA-256."),
        ("a" * 321, "An identifier is one line of at most 320 characters."),
        ("a\tb", "An identifier is one line of at most 320 characters."),
    ],
)
def test_what_cannot_be_looked_up_is_a_sentence(text, sentence, ada, client):
    answer = client.post(ADDRESS, {"identifier": text})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert not LookUp.objects.exists()


def test_a_key_that_cannot_be_opened_is_a_sentence(ada, client):
    LogKey.objects.create(number=1, sealed="garbage")

    answer = client.post(ADDRESS, {"identifier": ANN})

    assert answer.status_code == 422
    assert "Key 1 of the delivery log cannot be opened with the encryption keys" in answer.text


def test_before_anything_was_delivered_the_page_says_so(ada, client, settings):
    assert "Nothing was delivered yet" in client.get(ADDRESS).text
    assert "No delivery carried it" in look(client, ANN).text

    settings.DELIVERY_LOG *= 0
    assert "Deliveries are not logged on this server" in client.get(ADDRESS).text


def test_one_person_looks_up_only_so_many_within_an_hour(ada, client, monkeypatch):
    monkeypatch.setattr(looking_up, "MOST", 2)
    look(client, "1"), look(client, "2")

    assert "That were 2 look-ups within an hour." in look(client, "3").text
    LookUp.objects.update(at=timezone.now() - timedelta(hours=2))
    assert "No delivery carried it" in look(client, "3").text


def test_only_those_who_may_look_up_and_only_they_have_the_link(client, marketer, keeper):
    client.force_login(marketer)
    refused = client.get(ADDRESS)
    assert refused.status_code == client.post(ADDRESS).status_code == 403
    assert "put you into the group privacy" in refused.text
    assert "<strong>admin</strong>" not in refused.text
    assert ADDRESS not in client.get("/").text

    group = Group.objects.create(name="data protection")
    group.permissions.add(Permission.objects.get(codename="look_up"))
    marketer.groups.add(group)
    assert f'href="{ADDRESS}"' in client.get("/").text
    look(client, ANN)
    mine = LookUp.objects.get(by=marketer)
    assert "What you looked up" in client.get(ADDRESS).text

    client.force_login(keeper)
    assert client.get(mine.get_absolute_url()).status_code == 404
    assert "mia" in client.get(ADDRESS).text


def test_the_group_privacy_may_look_up(marketer, django_user_model):
    marketer.groups.add(Group.objects.get(name="privacy"))

    assert django_user_model.objects.get(pk=marketer.pk).has_perm("console.look_up")


@needs_server
def test_who_may_not_see_the_job_is_not_led_to_it(send, colleague, client):
    job = send()
    colleague.groups.add(Group.objects.get(name="privacy"))
    client.force_login(colleague)

    page = look(client, ANN).text

    assert f"Job {job.pk}" in page and job.get_absolute_url() not in page


@needs_server
def test_a_long_search_goes_on_in_portions_and_says_how_far_it_is(send, ada, client, monkeypatch):
    monkeypatch.setattr(looking_up, "SECONDS", 0)
    monkeypatch.setattr("console.deliveries.searching.TOGETHER", 1)
    runs = [send() for _ in range(3)]

    page = look(client, ANN).text
    assert "Looked through 1 delivery, the latest first; 2 are left." in page
    address = LookUp.objects.get().get_absolute_url()
    assert client.get(f"{address}deliveries.csv").status_code == 404
    for _ in range(3):
        part = client.post(f"{address}more/", headers={"HX-Request": "true"}).text

    assert "3 deliveries" in part and "Looked through" not in part
    assert [match[0] for match in LookUp.objects.get().matches] == [
        each.delivery.pk for each in reversed(runs)
    ]
    assert client.post(f"{address}more/").status_code == 302


@needs_server
def test_the_table_can_be_queried_by_administrators_and_whom_they_let(send, keeper, colleague):
    job = send(about=ABOUT)
    sql = """SELECT identifier_type, segment_name, segment_id, audience_name, activation_name,
        integration_type, session_id, exported_attributes, query_name, status, time
        FROM delivery_log.deliveries WHERE identifier_column = 'email' ORDER BY identifier"""

    done = asked_by(keeper, sql)
    assert done.status == "success", done.error
    [row, _] = list(jobs.csv_lines(done))[1].decode().splitlines()
    assert row.startswith("email,Lapsed,3,Customers,Win back,sftp_v2,")
    assert f',{job.pk},"cdp_customer_id, email, phone, note",,delivered,' in row
    assert (
        "There is no table delivery_log.deliveries that you may read"
        in asked_by(colleague, sql).error
    )
    readers = Group.objects.create(name="readers")
    Database.objects.get(name="delivery_log").readers.add(readers)
    colleague.groups.add(readers)
    assert asked_by(colleague, sql).status == "success"


@needs_server
def test_nobody_changes_the_table(send, keeper, client):
    send()

    for sql in ("DROP TABLE deliveries", "INSERT INTO deliveries SELECT * FROM deliveries"):
        assert "You may not change tables of delivery_log." in asked_by(keeper, sql).error
    client.force_login(keeper)
    page = client.get("/workbench/databases/delivery_log/deliveries/").text
    assert "identifier_type" in page and "Drop" not in page
    with pytest.raises(TableError):
        create_database("delivery_log", keeper)


@needs_server
def test_an_empty_log_is_an_empty_table(send, keeper, settings):
    send()
    call_command("prune", verbosity=0)
    Delivery.objects.all().delete()

    done = asked_by(keeper, "SELECT count(*) AS n FROM delivery_log.deliveries")

    assert list(jobs.csv_lines(done))[1].strip() == b"0"


@needs_server
def test_what_is_past_its_time_goes_with_its_files_and_keys(send, settings, keeper):
    first, second = send(), send()
    Delivery.objects.filter(job=first).update(at=timezone.now() - timedelta(days=91))
    LookUp.objects.create(by=first.owner, kind="id")
    LookUp.objects.update(at=timezone.now() - timedelta(days=91))

    pruned = jobs.prune()

    assert pruned["deliveries"] == 1
    assert found(ANN) == [(second.pk, ["email"])]
    assert len(list(settings.DELIVERIES_DIR.glob("*/*"))) == 1
    assert not LookUp.objects.exists()
    assert Table.objects.get(name="deliveries").rows == 7
    settings.DELIVERY_LOG *= 0
    assert jobs.prune()["deliveries"] == 1
    assert list(settings.DELIVERIES_DIR.glob("*/*")) == []


def test_a_key_goes_when_no_job_can_log_with_it_any_more(marketer, settings):
    now, day = timezone.now(), timedelta(days=1)
    keys.current()
    Database.objects.create(name="shop", owner=marketer)
    job = jobs.submit("SELECT 1 AS a", database="shop", owner=marketer)
    claim(job.pk)
    keys.renew()

    jobs.prune(now)
    assert keys_kept() == [2, 1]  # An attempt may have looked which one is the newest.
    jobs.prune(now + 2 * day)
    assert keys_kept() == [2, 1]  # That of the job may have begun before, or its worker died.
    Job.objects.update(status=Job.Status.ERROR)
    jobs.prune(now + day / 2)
    assert keys_kept() == [2, 1]
    jobs.prune(now + 2 * day)
    assert keys_kept() == [2]


def keys_kept():
    return list(LogKey.objects.values_list("number", flat=True))


@needs_server
def test_a_person_can_be_forgotten(send, capsys, settings, keeper):
    first, second = send(), send()
    look_up = looking_up.begin(ANN, keeper)

    with locks.held(locks.FILES), pytest.raises(CommandError, match="A backup is being made"):
        call_command("forget_identifier", ANN)
    call_command("forget_identifier", "ANN@example.com")

    assert "taken out of 2 deliveries" in capsys.readouterr().out
    assert found(ANN) == []
    assert found("bob@example.com") == [(second.pk, ["email"]), (first.pk, ["email"])]
    assert set(Delivery.objects.values_list("entries", flat=True)) == {6}
    assert Table.objects.get(name="deliveries").rows == 12
    look_up.refresh_from_db()
    assert (look_up.tokens, look_up.matches) == ([], [])
    assert len(list(settings.DELIVERIES_DIR.glob("*/*"))) == 2


@needs_server
def test_an_id_is_forgotten_and_not_one_that_differs_in_its_capitals(send):
    send("SELECT 'abc' AS customer_id")
    send("SELECT 'ABC' AS customer_id")

    call_command("forget_identifier", "ABC")

    assert found("ABC") == []
    assert len(found("abc")) == 1


def asked_by(user, sql):
    if not Database.objects.filter(name="delivery_log").exists():
        pytest.fail("there is no log")
    home = "delivery_log" if user.groups.filter(name="admin").exists() else "shop"
    job = jobs.submit(sql, database=home, owner=user)
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)


@needs_server
def test_a_damaged_log_is_told_of_and_hides_no_other(send, ada, client, settings, capsys):
    whole, damaged = send(), send()
    path = settings.DELIVERIES_DIR / Delivery.objects.get(job=damaged).path
    path.write_bytes(path.read_bytes()[:100])

    page = look(client, ANN).text
    nobody = look(client, "nobody@example.com").text
    with pytest.raises(CommandError, match=f"What job {damaged.pk} delivered cannot be looked"):
        call_command("forget_identifier", ANN)

    assert "1 delivery" in page and f"/in/{whole.pk}.csv" in page
    for text in (page, nobody):
        assert "Of 1 delivery nobody can tell." in text
        assert f"The log of job {damaged.pk} is damaged." in text
    assert "No other delivery carried it" in nobody
    assert "taken out of 1 delivery" in capsys.readouterr().out
    lines = client.get(f"{LookUp.objects.first().get_absolute_url()}deliveries.csv").getvalue()
    assert b",unreadable," in lines
