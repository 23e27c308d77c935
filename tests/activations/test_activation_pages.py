"""Create Activation as its pages send it: bad input of every field, and nothing lost."""

import json
from functools import partial
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.urls import reverse

from activations.activating import saving, templates
from activations.activating.refusals import opened_at
from activations.activating.sampling import in_mapping
from activations.models import Activation, Segment
from console import tables
from console.models import Job
from console.schedules import schedule_query
from integrations.contract import Finding, Look
from integrations.contract.looking import IN_QUERY
from integrations.models import Authentication
from tests.activations.studio import GOLD

MAPPING = {
    "all_columns": False,
    "columns": [
        {"kind": "attribute", "source": "tier", "name": "tier", "hash": False},
        {"kind": "string", "name": "campaign", "parts": [{"type": "string", "value": "spring"}]},
    ],
}


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def filled(sftp, **changes):
    return {
        "name": "Weekly",
        "description": "To Rokt",
        "mapping": json.dumps(MAPPING),
        "opened": "",
        "token": uuid4().hex,
        "authentication": sftp.pk,
        "connector": "sftp_v2",
        "export-user_directory_is_root": "False",
        "export-path_prefix": "/upload/gold.csv",
        "export-format": "csv",
        "export-header_line": "on",
        "export-encoders": "",
        "export-delimiter": "default",
        "export-quote_policy": "MINIMAL",
        "export-quote": '"',
        "export-null_string": "default",
        "export-newline": "LF",
        "export-temp_file_threshold": "5368709120",
        "when": "@daily",
        "cron": "",
        "timezone": "Europe/Berlin",
        "hours": "0",
        "minutes": "0",
        "seconds": "0",
        "overlap": "queue",
        "missed": "last",
        "save": "yes",
    } | changes


def of(segment, name="new-activation"):
    return reverse(name, args=[segment.parent_segment_id, segment.pk])


def test_the_page_offers_what_can_be_exported(mia, make, sftp):
    page = mia.get(of(make())).content.decode()

    assert "Rokt drop" in page and "Output mapping as JSON" in page
    assert '"name": "tier"' in page and '"name": "secret"' not in page
    assert '"name": "cdp_customer_id"' in page


def test_an_activation_is_created(mia, make, sftp):
    gold = make()
    answer = mia.post(of(gold), filled(sftp))

    assert answer.status_code == 302, answer.content.decode()
    made = Activation.objects.get()
    assert (made.name, made.description, made.segment) == ("Weekly", "To Rokt", gold)
    assert made.mapping["columns"][1]["name"] == "campaign"
    assert made.query.export["path_prefix"] == "/upload/gold.csv"
    assert (made.query.schedule.cron, made.query.schedule.timezone) == ("@daily", "Europe/Berlin")
    assert not Job.objects.filter(query=made.query).exists()


BAD = {
    "name": ({"name": ""}, "Give the activation a name.", "details"),
    "long name": ({"name": "x" * 256}, "at most 255 characters", "details"),
    "authentication": ({"authentication": ""}, "Choose where it goes", "details"),
    "no such authentication": ({"authentication": "999"}, "Choose where it goes", "details"),
    "no number": ({"authentication": "x"}, "Choose where it goes", "details"),
    "path": ({"export-path_prefix": "/in/*.csv"}, "is not allowed in a file name", "details"),
    "format": ({"export-format": "xlsx"}, "Choose one of the list", "details"),
    "no mapping": ({"mapping": ""}, "This field is required", "mapping"),
    "no JSON": ({"mapping": "{"}, "no JSON that can be read", "mapping"),
    "no shape": ({"mapping": '{"columns": 3}'}, "needs a list of columns", "mapping"),
    "no column": ({"mapping": '{"columns": []}'}, "Add at least one column", "mapping"),
    "cron": ({"when": "custom", "cron": "61 * * * *"}, "Minute", "schedule"),
    "zone": ({"timezone": "Mars"}, "There is no such time zone", "schedule"),
    "delay": ({"hours": "24"}, "Enter 23 or less.", "schedule"),
    "people": ({"notified": "999"}, "Choose one of the list", "schedule"),
    "when": ({"when": "sometimes"}, "Choose one of the list", "schedule"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_its_step_and_nothing_is_lost(mia, make, sftp, name):
    wrong, sentence, step = BAD[name]
    answer = mia.post(of(make()), filled(sftp, description="Keep me", **wrong))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert sentence in page and f'data-step="{step}"' in page
    assert ("Keep me" in page and "Europe/Berlin" in page) or "timezone" in wrong
    assert not Activation.objects.exists()


def test_a_name_that_is_taken_is_said_at_the_name(mia, make, sftp):
    gold = make()
    mia.post(of(gold), filled(sftp))
    answer = mia.post(of(gold), filled(sftp, description="Second"))
    page = answer.content.decode()

    assert answer.status_code == 422 and "an activation “Weekly” already" in page
    assert "Second" in page and "Create and run now" in page  # still a new one
    assert Activation.objects.count() == 1


def test_a_form_that_is_sent_twice_makes_one(mia, make, sftp):
    gold, sent = make(), filled(sftp, run="yes")
    first, second = mia.post(of(gold), sent), mia.post(of(gold), sent)

    assert first.url == second.url == Job.objects.get(query__isnull=False).get_absolute_url()
    assert Activation.objects.count() == 1

    mia.post(of(gold), sent | {"name": "Changed in between"})
    assert Activation.objects.count() == 2


def test_run_now_starts_a_job_that_exports(mia, make, sftp, marketer):
    mia.post(of(make()), filled(sftp, run="yes"))

    job = Job.objects.get(name="Weekly")
    assert (job.authentication, job.owner, job.status) == (sftp, marketer, "queued")
    assert job.sql == Activation.objects.get().query.sql


def test_a_run_that_is_under_way_is_not_doubled(mia, make, sftp):
    gold = make()
    mia.post(of(gold), filled(sftp, run="yes"))
    made = Activation.objects.get()
    page = mia.post(edit(made), filled(sftp, run="yes"), follow=True).content.decode()

    assert "is under way still" in page and made.query.jobs.count() == 1


def test_a_problem_of_the_mapping_is_said_by_name(mia, make, sftp):
    columns = [{"kind": "attribute", "source": "gone", "name": "gone", "hash": False}]
    mapping = json.dumps({"all_columns": False, "columns": columns})
    answer = mia.post(of(make()), filled(sftp, mapping=mapping))

    assert answer.status_code == 422
    assert "no attribute &#x27;gone&#x27;" in answer.content.decode()


# ---- creating an authentication meanwhile ----
def test_nothing_is_lost_while_an_authentication_is_created(mia, make, sftp, marketer):
    gold = make()
    sent = filled(sftp, elsewhere="yes", authentication="")
    del sent["save"]
    away = mia.post(of(gold), sent)
    assert away.url.startswith(reverse("catalog"))

    page = mia.get(f"{of(gold)}?resume=yes&authentication={sftp.pk}").content.decode()

    assert 'value="Weekly"' in page and "To Rokt" in page and "spring" in page
    assert f'id="authentication-{sftp.pk}" name="authentication" value="{sftp.pk}" checked' in page
    assert "invalid-feedback" not in page
    assert 'value="Weekly"' not in mia.get(f"{of(gold)}?resume=yes").content.decode()


def test_without_scripts_the_settings_are_shown_by_a_button(mia, make, sftp):
    sent = filled(sftp, choose="yes", connector="")
    del sent["save"]
    answer = mia.post(of(make()), sent)
    page = answer.content.decode()

    assert answer.status_code == 200 and 'name="export-path_prefix"' in page
    assert 'value="Weekly"' in page and "invalid-feedback" not in page


def test_the_settings_are_those_of_the_chosen_authentication(mia, make, sftp):
    page = mia.post(of(make(), "activation-settings"), filled(sftp, connector="")).content.decode()

    assert 'name="connector" value="sftp_v2"' in page
    assert 'name="export-path_prefix"' in page and 'data-when="export-' in page


def test_without_authentications_the_page_leads_to_the_catalog(mia, make):
    assert "No authentications for exports" in mia.get(of(make())).content.decode()


# ---- editing ----
@pytest.fixture
def weekly(make, marketer, sftp):
    activation = Activation(segment=make(), name="Weekly", mapping=MAPPING)
    export = {"path_prefix": "/upload/gold.csv", "user_directory_is_root": False}
    form = sftp.connector.Export.from_json(export)
    timing = partial(schedule_query, wanted="@hourly", timezone="Asia/Tokyo")
    given = {"authentication": sftp, "export": form.cleaned_data, "timing": timing}
    return saving.save(activation, by=marketer, **given)


def edit(activation):
    return reverse("edit-activation", args=[activation.pk])


def test_an_activation_is_edited_in_the_same_form(mia, weekly, sftp):
    page = mia.get(edit(weekly)).content.decode()
    assert 'value="Weekly"' in page and "/upload/gold.csv" in page and "spring" in page
    assert "Asia/Tokyo" in page and '<option value="@hourly" selected>' in page

    answer = mia.post(edit(weekly), filled(sftp, name="Daily", opened=opened_at(weekly)))

    weekly.refresh_from_db()
    assert answer.status_code == 302 and weekly.name == "Daily"
    assert weekly.query.schedule.cron == "@daily"


def test_what_was_saved_meanwhile_is_replaced_only_when_asked_again(mia, weekly, sftp):
    opened = opened_at(weekly)
    mia.post(edit(weekly), filled(sftp, name="First", opened=opened))
    answer = mia.post(edit(weekly), filled(sftp, name="Second", opened=opened))
    page = answer.content.decode()

    weekly.refresh_from_db()
    assert answer.status_code == 422 and "Your entries are still here" in page
    assert weekly.name == "First" and opened_at(weekly) in page

    mia.post(edit(weekly), filled(sftp, name="Second", opened=opened_at(weekly)))
    weekly.refresh_from_db()
    assert weekly.name == "Second"


@pytest.mark.parametrize(("who", "status"), [("marketer", 200), ("keeper", 200), ("analyst", 403)])
def test_who_may_edit_an_activation(request, client, weekly, who, status):
    client.force_login(request.getfixturevalue(who))

    page = client.get(edit(weekly))
    assert page.status_code == status
    assert status == 200 or "Only mia, its owner" in page.content.decode()
    segment, data = weekly.segment, {"activation": weekly.pk, "token": "t"}
    assert client.post(of(segment, "activation-preview"), data).status_code == status


def test_who_may_not_use_the_parent_segment_finds_nothing(client, weekly, colleague):
    client.force_login(colleague)

    assert client.get(edit(weekly)).status_code == 404
    for name in ("new-activation", "activation-preview", "activation-settings", "activation-runs"):
        assert client.post(of(weekly.segment, name)).status_code == 404


def test_masked_columns_are_not_offered_nor_exported(client, make, analyst, sftp):
    sftp.shared_users.add(analyst)
    client.force_login(analyst)
    gold = make()
    columns = [{"kind": "attribute", "source": "email", "name": "e", "hash": True}]
    mapping = json.dumps({"all_columns": False, "columns": columns})

    assert '"name": "email"' not in client.get(of(gold)).content.decode()
    answer = client.post(of(gold), filled(sftp, mapping=mapping))
    assert answer.status_code == 422 and "email" in answer.content.decode()
    assert not Activation.objects.exists()

    answer = client.post(of(gold), filled(sftp, mapping='{"all_columns": true, "columns": []}'))
    assert answer.status_code == 302
    assert "email" not in Activation.objects.get().query.sql


# ---- only what changed ----
CHANGES = {
    "changes-mode": "changes",
    "changes-key": "campaign, tier",
    "changes-added": "on",
    "changes-removed": "on",
    "changes-tell": "column",
    "changes-column": "operation",
    "changes-hold_removed": "50",
}


def test_only_what_changed_is_sent_where_that_is_chosen(mia, make, sftp):
    gold = make()
    answer = mia.post(of(gold), filled(sftp, **CHANGES))

    assert answer.status_code == 302
    query = Activation.objects.get().query
    assert (query.changes["key"], query.changes["changed"]) == (["campaign", "tier"], False)

    made = Activation.objects.get()
    saving.save(made, by=query.owner, authentication=sftp, export=query.export)
    query.refresh_from_db()
    assert query.changes["key"] == ["campaign", "tier"]  # what is not given stays

    mia.post(edit(made), filled(sftp, **{"changes-mode": "full"}))
    query.refresh_from_db()
    assert query.changes is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"changes-key": ""}, "Choose at least one column that tells rows apart."),
        ({"changes-key": "tier, email"}, "told apart by “email”: the output has no such column"),
        ({"changes-column": "Tier"}, "The output has a column “Tier”"),
    ],
)
def test_changes_need_columns_of_the_output(mia, make, sftp, wrong, sentence):
    answer = mia.post(of(make()), filled(sftp, **CHANGES) | wrong)
    page = answer.content.decode()

    assert answer.status_code == 422 and sentence in page
    assert 'data-step="details"' in page and "/upload/gold.csv" in page
    assert not Activation.objects.exists()


# ---- templates ----
def test_an_activation_begins_as_its_template_says(mia, weekly, make, marketer):
    template = templates.keep(weekly, "Rokt, hourly", by=marketer)
    address = f"{of(make('Other'))}?template={template.pk}"
    page = mia.get(address).content.decode()

    assert "/upload/gold.csv" in page and "spring" in page and "Asia/Tokyo" in page
    assert '<option value="@hourly" selected>' in page and 'value="Weekly"' not in page
    assert mia.get(f"{address}9999").status_code == 200  # there is no such template


# ---- what is shown meanwhile ----
def preview(client, segment, data, **more):
    return client.post(
        of(segment, "activation-preview"), data | {"number": "1", "page": uuid4().hex, **more}
    )


def test_the_preview_has_the_rows_and_the_very_file(mia, make, sftp):
    page = preview(mia, make(), filled(sftp)).content.decode()

    assert "<strong>25</strong> customers" in page and "2 columns" in page
    assert page.count("<td>spring</td>") == 8
    assert "tier,campaign" in page and "gold,spring" in page and "/upload/gold.csv" in page


@pytest.mark.parametrize(
    ("type_", "asked"),
    [("salesforce_dmp", "user_id and td_segment"), ("clevertap", "identity")],
)
def test_the_preview_says_what_the_receiver_asks(mia, make, marketer, type_, asked):
    receiver = Authentication(name="Receiver", type=type_, owner=marketer)
    receiver.settings = {}
    receiver.save()
    data = filled(receiver, connector=type_) | {"export-target": "user_profiles"}
    page = preview(mia, make(), data).content.decode()

    assert asked in page and "Name the columns in the output mapping." in page


def test_what_to_do_about_columns_is_said_of_the_output_mapping():
    look = Look(1, 0, 8, [Finding("There is no column x.", "There is a column x.", IN_QUERY)])
    found = in_mapping({"look": look}, 30)["look"]

    assert found.findings[0].remedy == "Name the columns in the output mapping."
    assert found.all_rows == 30


def test_the_preview_says_how_many_rows_customers_have(mia, make, sftp):
    orders = {"kind": "behavior", "behavior": "orders", "strategy": "all"}
    orders["columns"] = [{"source": "amount", "name": "amount"}]
    mapping = json.dumps({"all_columns": False, "columns": [orders]})
    page = preview(mia, make(), filled(sftp, mapping=mapping)).content.decode()

    # Customers 0, 4, 8, …, 96 have n % 5 orders, and one without any is there once.
    rows = sum(max(1, n % 5) for n in range(0, 100, 4))
    assert f"<strong>25</strong> customers · {rows} rows" in page


def test_an_older_preview_gives_way_to_a_newer_one(mia, make, sftp):
    gold, sent = make(), filled(sftp)
    preview(mia, gold, sent, number="5", page=sent["token"])

    assert preview(mia, gold, sent, number="4", page=sent["token"]).status_code == 204


def test_the_preview_names_what_is_not_right_yet(mia, make, sftp):
    columns = [{"kind": "attribute", "source": "tier", "name": ""}]
    mapping = json.dumps({"all_columns": False, "columns": columns})
    page = preview(mia, make(), filled(sftp, mapping=mapping)).content.decode()

    assert "Enter a name." in page and '"path": ["columns", 0, "name"]' in page
    assert "/upload/gold.csv" in page  # what can be said of the file is said


def test_before_the_first_refresh_the_page_says_so(mia, unbuilt, marketer, sftp):
    segment = Segment.objects.create(parent_segment=unbuilt, name="G", rules=GOLD, owner=marketer)

    assert "Nothing to export yet" in mia.get(of(segment)).content.decode()
    assert "was not refreshed yet" in preview(mia, segment, filled(sftp)).content.decode()
    assert mia.post(of(segment), filled(sftp)).status_code == 422


def test_the_next_runs_have_their_files(mia, make, sftp):
    data = filled(sftp, **{"export-path_prefix": "/in/{yyyy}{MM}{dd}.csv"})
    page = mia.post(of(make(), "activation-runs"), data).content.decode()

    assert page.count("/in/20") == 5 and "At 00:00 every day" in page


def test_runs_after_the_refresh_follow_its_schedule(mia, make, sftp, shoppers):
    gold = make()
    page = mia.post(of(gold, "activation-runs"), filled(sftp, when="after")).content.decode()
    assert "Each time that Customers was refreshed." in page and "has no schedule" in page

    schedule_query(shoppers.query, "@daily", "Europe/Berlin")
    page = mia.post(of(gold, "activation-runs"), filled(sftp, when="after")).content.decode()
    assert page.count("00:00:00 CE") == 5

    mia.post(of(gold), filled(sftp, when="after"))
    assert Activation.objects.get().query.schedule.follows.query == shoppers.query


@pytest.mark.parametrize("name", ["activation-preview", "activation-settings", "activation-runs"])
@pytest.mark.parametrize("data", [{}, {"mapping": "[" * 5000, "number": "x"}, {"activation": "9"}])
def test_whatever_is_sent_is_answered(mia, make, name, data):
    assert mia.post(of(make(), name), data).status_code in (200, 404)


@pytest.fixture
def hers(keeper, sftp):
    """Make an authentication of Ada's, who keeps the credentials; it is shared with nobody."""

    def hers(name, host):
        made = Authentication(name=name, type="sftp_v2", owner=keeper)
        made.settings = {**sftp.settings, "host": host}
        made.save()
        return made

    return hers


# As it was saved before there were other settings: the page says all of them.
SAID = {"path_prefix": "/gold.csv", "user_directory_is_root": False}


@pytest.fixture
def adas(keeper, make, hers):
    """Ada's activation of a segment of Mia's parent segment."""
    activation = Activation(segment=make(), name="Adas", mapping=MAPPING)
    given = {"authentication": hers("Adas drop", "ada.example.com")}
    return saving.save(activation, by=keeper, export=SAID, **given)


def test_who_owns_the_parent_segment_sees_no_credentials_of_others(mia, adas, hers, sftp):
    hers("Adas archive", "archive.example.com")
    page = mia.get(reverse("edit-activation", args=[adas.pk])).content.decode()
    given = filled(adas.query.authentication, activation=adas.pk)
    preview = mia.post(of(adas.segment, "activation-preview"), given).content.decode()

    assert "Adas drop" in page and "Rokt drop" in page and "Adas archive" not in page
    assert "&quot;host&quot;: &quot;***&quot;" in preview
    assert "ada.example.com" not in page + preview


def test_an_authentication_that_stays_need_not_be_shared_with_who_saves(mia, adas):
    given = filled(adas.query.authentication, description="Mended")
    given |= {"export-path_prefix": SAID["path_prefix"], "export-newline": "CRLF"}

    answer = mia.post(reverse("edit-activation", args=[adas.pk]), given)

    assert answer.status_code == 302, answer.content.decode()
    assert Activation.objects.get().description == "Mended"


def test_who_may_not_use_an_authentication_sends_nothing_elsewhere_with_it(mia, adas):
    given = filled(adas.query.authentication, description="Mended")

    answer = mia.post(reverse("edit-activation", args=[adas.pk]), given)

    assert answer.status_code == 422
    assert "cannot use the authentication “Adas drop”" in answer.content.decode()
    assert Activation.objects.get().description == ""


def test_an_authentication_of_others_cannot_be_chosen(mia, adas, hers):
    given = filled(hers("Adas archive", "archive.example.com"))

    answer = mia.post(reverse("edit-activation", args=[adas.pk]), given)

    assert answer.status_code == 422 and "Choose where it goes" in answer.content.decode()


def test_the_preview_tells_no_columns_of_tables_that_are_not_the_viewers(mia, adas, keeper):
    database = tables.create_database("adas", keeper, everyone_reads=False)
    path = Path(settings.TABLES_DIR, "vault.parquet")
    pq.write_table(pa.table({"vault_number": ["1"]}), path)
    tables.create_from(database, "vault", path, [("vault_number", "varchar")])
    console = Authentication.objects.create(name="Tables", type="treasure_data", owner=keeper)
    console.shared_users.add(adas.segment.owner)
    given = filled(console, activation=adas.pk, connector="treasure_data")
    given |= {"export-database": "adas", "export-table": "vault", "export-mode": "append"}

    preview = mia.post(of(adas.segment, "activation-preview"), given).content.decode()

    assert "There is no database adas that you may read." in preview, preview
    assert "vault_number" not in preview
