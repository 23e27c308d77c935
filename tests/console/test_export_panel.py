"""The Export Results panel: choosing, checking, previewing, saving, running."""

from datetime import UTC, datetime

import pyarrow.compute as pc
import pytest
from django.urls import reverse

from console import jobs
from console.models import Database, Job
from console.schedules import schedule_query
from integrations import secrets
from integrations.connectors import CONNECTORS
from integrations.contract import Broken, ColumnRule, RowRule
from integrations.models import Authentication, SwitchedOff
from tests.integrations.openpgp import Receiver
from tests.workbench import PASSWORD

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def panel(query):
    return reverse("query-export", args=[query.pk])


def filled(authentication, **changes):
    return {
        "authentication": authentication.pk,
        "connector": "sftp_v2",
        "user_directory_is_root": "False",
        "path_prefix": "/upload/people.csv",
        "format": "csv",
        "header_line": "on",
        "encoders": "",
        "delimiter": "default",
        "quote_policy": "MINIMAL",
        "quote": '"',
        "null_string": "default",
        "newline": "CRLF",
        "temp_file_threshold": "5368709120",
    } | changes


def test_without_an_authentication_the_panel_leads_to_the_catalog_and_back(mia, people):
    page = mia.get(panel(people), headers=HTMX).content.decode()

    assert "No authentications for exports" in page
    assert (
        f"{reverse('catalog')}?next={reverse('query', args=[people.pk])}%3Fpanel%3Dexport" in page
    )


def test_only_what_the_owner_may_use_is_offered(client, people, sftp, keeper, marketer):
    sftp.owner = keeper
    sftp.save()
    client.force_login(marketer)
    assert b"Rokt drop" not in client.get(panel(people), headers=HTMX).content
    assert client.post(panel(people), filled(sftp)).status_code == 422

    sftp.shared_users.add(marketer)

    assert b"Rokt drop" in client.get(panel(people), headers=HTMX).content


def test_of_a_connector_that_is_switched_off_nothing_new_is_chosen(mia, people, sftp):
    SwitchedOff.objects.create(type="sftp_v2", reason="Use S3")
    page = mia.get(panel(people), headers=HTMX).content.decode()
    assert "Rokt drop" not in page
    assert "SFTP_V2 is switched off by an administrator. Use S3." in page

    assert mia.post(panel(people), filled(sftp)).status_code == 422

    people.refresh_from_db()
    assert people.export is None


def test_what_exports_with_it_already_goes_on_and_can_be_changed(mia, people, sftp):
    mia.post(panel(people), filled(sftp))
    SwitchedOff.objects.create(type="sftp_v2")

    assert "Rokt drop" in mia.get(panel(people), headers=HTMX).content.decode()
    mia.post(panel(people), filled(sftp, newline="LF", run="now"))

    people.refresh_from_db()
    assert people.export["newline"] == "LF"
    assert Job.objects.get().authentication == sftp


def test_done_keeps_the_export_on_the_query(mia, people, sftp):
    answer = mia.post(panel(people), filled(sftp, newline="LF"))

    people.refresh_from_db()
    assert answer.url == reverse("query", args=[people.pk])
    assert people.authentication == sftp
    assert people.export["path_prefix"] == "/upload/people.csv"
    assert (people.export["newline"], people.export["user_directory_is_root"]) == ("LF", False)
    assert PASSWORD not in str(people.export)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"path_prefix": ""}, "This field is required."),
        ({"path_prefix": "/upload/*.csv"}, "is not allowed in a file name"),
        ({"format": "xlsx"}, "Choose one of the list"),
        ({"encoders": "encrypt_pgp"}, "This field is required."),
        ({"temp_file_threshold": "-1"}, "Enter 0 or more."),
        ({"authentication": ""}, "Choose where the result goes"),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_wrong_setting_is_named_and_nothing_is_saved(mia, people, sftp, wrong, sentence, headers):
    answer = mia.post(panel(people), filled(sftp) | wrong, headers=headers)

    people.refresh_from_db()
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert people.export is None


def test_the_preview_is_the_start_of_the_file(mia, people, sftp, run_query):
    run_query(people)
    url = reverse("export-draft", args=[people.pk])

    shown = mia.post(url, filled(sftp, format="tsv", header_line=""), headers=HTMX)

    assert shown.context["start"] == b"1\tann\r\n2\tbob\r\n"
    page = shown.content.decode()
    assert "1<i>⇥</i>ann<i>␍␊</i>" in page
    assert "<code>/upload/people.csv</code>" in page


def test_a_draft_without_a_path_still_shows_the_bytes(mia, people, sftp, run_query):
    run_query(people)
    url = reverse("export-draft", args=[people.pk])

    shown = mia.post(url, filled(sftp, path_prefix=""), headers=HTMX)

    assert shown.context["start"].startswith(b"id,name\r\n")
    assert "Not complete yet: Path prefix." in shown.content.decode()
    assert "This field is required." not in shown.content.decode()


def test_without_a_result_the_panel_asks_for_a_run(mia, people, sftp):
    url = reverse("export-draft", args=[people.pk])

    shown = mia.post(url, filled(sftp), headers=HTMX)

    assert "Run the query once" in shown.content.decode()


def test_the_equal_result_json_hides_secrets(mia, people, sftp):
    url = reverse("export-draft", args=[people.pk])

    page = mia.post(url, filled(sftp), headers=HTMX).content.decode()

    assert "&quot;password&quot;: &quot;***&quot;" in page
    assert "&quot;host&quot;: &quot;sftp.example.com&quot;" in page
    assert PASSWORD not in page


def test_credentials_that_cannot_be_opened_are_said(mia, people, sftp, settings):
    settings.ENCRYPTION_KEYS = [secrets.Fernet.generate_key().decode()]
    url = reverse("export-draft", args=[people.pk])

    page = mia.post(url, filled(sftp), headers=HTMX).content.decode()

    assert "The stored credentials cannot be opened" in page


def test_run_and_export_now_submits_the_saved_query(mia, people, sftp):
    answer = mia.post(panel(people), filled(sftp, run="now"))

    job = Job.objects.get()
    assert (job.sql, job.authentication, job.query_version) == (people.sql, sftp, 1)
    assert job.export["path_prefix"] == "/upload/people.csv"
    assert answer.url.endswith(f"?job={job.pk}")


def test_removing_the_export_keeps_the_schedule(mia, people, sftp):
    mia.post(panel(people), filled(sftp))
    people.refresh_from_db()
    schedule_query(people, "@daily")

    mia.post(reverse("remove-export", args=[people.pk]))

    people.refresh_from_db()
    assert (people.authentication, people.export) == (None, None)
    assert people.schedule.cron == "@daily"


def test_done_with_htmx_changes_only_the_buttons(mia, people, sftp):
    answer = mia.post(panel(people), filled(sftp), headers=HTMX)

    page = answer.content.decode()
    assert "Export Results: Rokt drop" in page and "Run and export" in page
    assert "panel-done" in answer.headers["HX-Trigger-After-Settle"]
    assert "<textarea" not in page


def test_the_preview_shows_no_result_that_its_reader_may_not_see(mia, people, sftp, keeper):
    people.authentication = sftp
    people.save()
    job = jobs.submit("SELECT 'for Ada alone' AS a", database="shop", owner=keeper, query=people)
    jobs.run(job.pk)

    page = mia.get(panel(people), headers=HTMX)

    assert "for Ada alone" not in page.content.decode()


def test_a_name_with_the_time_in_it_is_shown_for_the_next_run_and_the_last(mia, people, sftp):
    schedule_query(people, "@daily", timezone="Asia/Tokyo")
    schedule = people.schedule
    schedule.next_slot = datetime(2026, 11, 22, 15, tzinfo=UTC)
    schedule.save()
    slot = datetime(2026, 11, 21, 15, tzinfo=UTC)
    job = jobs.submit_query(people, schedule=schedule, slot=slot)
    url = reverse("export-draft", args=[people.pk])

    shown = mia.post(url, filled(sftp, path_prefix="/{yyyy}{MM}{dd}-{job}.csv"), headers=HTMX)

    page = shown.content.decode()
    assert "<code>/20261123-{job}.csv</code>" in page
    assert f"<code>/20261122-{job.pk}.csv</code>" in page
    assert "2026-11-23 00:00:00 Asia/Tokyo" in page


def test_a_placeholder_that_does_not_exist_is_refused(mia, people, sftp):
    answer = mia.post(panel(people), filled(sftp, path_prefix="/{YYYY}.csv"), headers=HTMX)

    assert answer.status_code == 422
    assert "Did you mean {yyyy}?" in answer.content.decode()


@pytest.mark.parametrize(("encoder", "said"), [("gz", " B once encoded"), ("", "</a></span>")])
def test_the_encoded_size_of_the_preview_is_told(mia, people, sftp, run_query, encoder, said):
    run_query(people)
    url = reverse("export-draft", args=[people.pk])

    shown = mia.post(url, filled(sftp, encoders=encoder), headers=HTMX)

    assert said in shown.content.decode()


@pytest.mark.needs("gpg")
def test_a_key_that_expires_soon_is_told(mia, people, sftp, tmp_path):
    receiver = Receiver(tmp_path)
    master = receiver.make("ed25519", "cert", expires="9d")
    key = {"key_identifier": receiver.add(master, "cv25519"), "public_key": receiver.public()}
    receiver.close()
    url = reverse("export-draft", args=[people.pk])

    shown = mia.post(url, filled(sftp, encoders="encrypt_pgp", **key), headers=HTMX)

    assert f"The sub-key {key['key_identifier'][-16:]} expires on" in shown.content.decode()


def has_name(schema, settings):
    if "name" not in schema.names:
        yield "There is no column name."


def is_long(batch, settings):
    yield Broken(pc.greater(pc.utf8_length(batch["name"]), 2), "The name is <long>.")


NAMED = ColumnRule(name="name", sentence="There is a name.", source="T", check=has_name)
SHORT = RowRule(
    name="short",
    sentence="Names have two letters.",
    source="T",
    check=is_long,
    when={"format": "tsv"},
)


@pytest.fixture
def strict(monkeypatch):
    """A receiver that wants a column, and short names in some files."""
    monkeypatch.setattr(CONNECTORS["sftp_v2"], "contract", (NAMED, SHORT))


def shown(mia, query, sftp, **changes):
    url = reverse("export-draft", args=[query.pk])
    return mia.post(url, filled(sftp, **changes), headers=HTMX).text


def test_the_panel_says_which_rules_the_last_result_breaks(mia, people, sftp, run_query, strict):
    run_query(people)

    page = shown(mia, people, sftp, format="tsv")

    assert "The name is &lt;long&gt;." in page and "Names have two letters." in page
    assert "2 of 2 rows: nothing would be sent." in page and "Mend the query." in page
    assert "The rule of SFTP_V2 holds" in shown(mia, people, sftp)


def test_rows_that_are_left_out_are_not_shown_as_sent(mia, clevertap, people, run_query):
    people.sql = (
        "SELECT * FROM (VALUES (CAST(NULL AS varchar), 'nobody'), ('i-2', 'ann')) AS t(identity, n)"
    )
    people.save()
    run_query(people)
    url, given = reverse("export-draft", args=[people.pk]), clevertap

    page = mia.post(url, given | {"skip_invalid": "on"}, headers=HTMX).text

    shown = page.partition('aria-label="First bytes')[2].partition("</pre>")[0]
    assert "i-2" in shown and "nobody" not in shown
    assert "1 of 2 rows: left out." in page
    told = {"changes-mode": "changes", "changes-key": "identity", "changes-tell": "column"}
    told |= {"changes-added": "on", "changes-column": "operation"}
    page = mia.post(url, given | told | {"skip_invalid": "on"}, headers=HTMX).text
    shown = page.partition('aria-label="First bytes')[2].partition("</pre>")[0]
    assert "i-2" in shown and "nobody" not in shown and "operation" in shown


def test_the_panel_says_which_columns_are_not_as_they_have_to_be(
    mia, people, sftp, run_query, strict
):
    people.sql = "SELECT id FROM people"
    people.save()
    run_query(people)

    page = shown(mia, people, sftp)

    assert "There is no column name." in page
    assert "Name and cast the columns in the query." in page


def test_the_panel_tells_what_clevertap_asks_of_the_columns(mia, clevertap, people, run_query):
    run_query(people)
    told = {"target": "custom_list", "custom_list_name": "Gold", "custom_list_email": "a@b.example"}

    page = mia.post(reverse("export-draft", args=[people.pk]), clevertap | told, headers=HTMX).text

    assert "There is no column &quot;type&quot;." in page and "First bytes" not in page
    assert "custom lists <code>type</code>, <code>identity</code>" in page
    assert "Of the result of <a href" in page


def test_the_panel_says_that_what_it_shows_is_of_an_earlier_text(mia, people, sftp, run_query):
    job = run_query(people)
    earlier = f"The query was changed after job {job.pk}: run it once more"
    assert earlier not in shown(mia, people, sftp)

    people.sql = "SELECT 1 AS id"
    people.save()
    assert earlier in shown(mia, people, sftp)

    run_query(people)
    assert "The query was changed" not in shown(mia, people, sftp)


def test_rules_are_not_checked_before_there_is_a_result_or_with_wrong_settings(
    mia, people, sftp, run_query, strict
):
    assert "look-title" not in shown(mia, people, sftp)
    run_query(people)
    assert "look-title" not in shown(mia, people, sftp, temp_file_threshold="-1")
    assert "look-title" in shown(mia, people, sftp, path_prefix="")


def test_what_writes_no_file_has_no_bytes_to_show(mia, people, marketer, run_query):
    run_query(people)
    tables = Authentication(name="Tables", type="treasure_data", owner=marketer)
    tables.settings = {}
    tables.save()
    chosen = {"authentication": tables.pk, "connector": "treasure_data", "mode": "append"}

    page = mia.post(
        reverse("export-draft", args=[people.pk]),
        chosen | {"database": "shop", "table": "copies"},
        headers=HTMX,
    ).text

    assert "3. What is sent" in page and "First bytes" not in page
    assert "has 2 rows with the columns <code>id</code>, <code>name</code>" in page
    assert "&quot;table&quot;: &quot;copies&quot;" in page


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"database": "nope"}, "There is no database nope that you may read."),
        ({"database": "theirs"}, "You may not change tables of theirs."),
        ({"table": "people"}, "shop.people does not have the column more of the result."),
        ({"table": "people", "mode": "replace"}, ""),
        ({"table": "new"}, ""),
    ],
)
def test_a_table_that_cannot_take_the_rows_is_told_before(
    mia, keeper, people, run_query, given, sentence
):
    theirs = Database.objects.create(name="theirs", owner=keeper)
    theirs.readers.set(people.owner.groups.all())
    people.sql = "SELECT id, name, 1 AS more FROM people"
    people.save()
    run_query(people)
    login = Authentication(name="Tables", type="treasure_data", owner=people.owner)
    login.settings = {}
    login.save()
    chosen = {"authentication": login.pk, "connector": "treasure_data", "mode": "append"}
    data = chosen | {"database": "shop", "table": "copies"} | given

    page = mia.post(reverse("export-draft", args=[people.pk]), data, headers=HTMX).text

    side = page.partition('id="export-file"')[2]
    assert ('role="alert"' in side) == bool(sentence) and sentence in side


FILES = ("rokt", "sftp_v2", "s3", "salesforce_dmp", "clevertap_sftp")


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)
def test_what_is_shown_is_called_what_it_is(mia, people, marketer, connector):
    login = Authentication(name="Login", type=connector.name, owner=marketer)
    login.settings = {}
    login.save()
    data = {"authentication": login.pk, "connector": connector.name}

    page = mia.post(reverse("export-draft", args=[people.pk]), data, headers=HTMX).text

    side = page.partition('id="export-file"')[2]
    assert ("3. The file" in side) == (connector.name in FILES)
    assert ("3. What is sent" in side) == (connector.name not in FILES)
    assert connector.name in FILES or " file" not in side.partition("<details")[0]
