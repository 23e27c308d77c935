"""What a person sees of an export: names in the panel, a held job, the receipt."""

import json
import re

import pyarrow.compute as pc
import pytest
from playwright.sync_api import expect

from console import jobs
from console.models import Database, Job, Query
from console.queries.saving import save
from console.schedules import schedule_query
from integrations.connectors import CONNECTORS
from integrations.contract import Broken, ColumnRule, RowRule
from integrations.models import Authentication

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")


@pytest.fixture
def query(sshd, marketer, settings):
    """A scheduled query whose unusual results are held, with the time in the name of its file."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    shop = Database.objects.create(name="shop", owner=marketer)
    drop = Authentication(name="Partner drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    given = {"path_prefix": "/in/people-{yyyy}{MM}{dd}-{job}.csv.gz", "encoders": "gz"}
    given |= {"user_directory_is_root": True, "hold_unusual": True}
    form = CONNECTORS["sftp_v2"].Export.from_json(given)
    assert form.is_valid(), form.errors
    query = Query(name="Newsletter", database=shop, sql=many(200), owner=marketer)
    query.authentication, query.export = drop, form.cleaned_data
    save(query, by=marketer)
    schedule_query(query, "@daily", timezone="Asia/Tokyo")
    return query


def many(rows):
    name = "'name ' || CAST(x AS varchar)"
    return f"SELECT x AS id, {name} AS name FROM UNNEST(sequence(1, {rows})) t(x)"


def ran(query, rows):
    query.sql = many(rows)
    query.save()
    job = jobs.submit_query(query)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def test_what_is_chosen_of_many_is_in_sight(as_user, marketer, query):
    for name in "ABCDEFGHIJKL":
        Authentication.objects.create(name=name, type="sftp_v2", owner=marketer)

    page = as_user(marketer, f"{query.get_absolute_url()}?panel=export")

    expect(page.get_by_role("radio", name="Partner drop")).to_be_checked()
    expect(page.get_by_role("radio", name="Partner drop")).to_be_in_viewport()
    expect(page.get_by_role("radio", name="A SFTP_V2")).not_to_be_in_viewport()


def test_a_held_job_is_looked_at_and_released(as_user, marketer, query, good_page, sshd):
    ran(query, 200)
    job = ran(query, 12)
    assert job.held

    page = as_user(marketer, "/")
    expect(page.get_by_role("heading", name="1 job waits for somebody")).to_be_visible()
    good_page(page, "home-held")
    page.goto(page.url + "workbench/jobs/")
    expect(page.get_by_text("Held: The result has 12 rows, 94% fewer")).to_be_visible()
    good_page(page, "jobs-held")

    page.get_by_role("link", name="Newsletter").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Held: The result has 12 rows")
    expect(page.get_by_role("heading", name="Result")).to_be_visible()
    good_page(page, "job-held")
    page.get_by_role("button", name="Drop").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Drop job {job.pk}?")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Release").click()

    expect(page.get_by_text(f"Job {job.pk} is released")).to_be_visible()
    jobs.run(job.pk)
    expect(page.get_by_role("heading", name="Delivered")).to_be_visible()
    assert len(list((sshd.root / "in").iterdir())) == 2


def test_the_receipt_is_shown_and_downloaded(as_user, marketer, query, good_page):
    job = ran(query, 200)

    page = as_user(marketer, job.get_absolute_url())
    good_page(page, "job-receipt")
    values = page.locator(".receipt dd")
    assert len({box["x"] for box in (each.bounding_box() for each in values.all())}) == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the receipt").click()

    receipt = json.loads(download.value.path().read_text())
    assert download.value.suggested_filename == f"receipt-{job.pk}.json"
    assert receipt["signed_by"] in page.content()


def test_the_panel_shows_names_and_the_fields_of_the_guard(as_user, marketer, query, good_page):
    ran(query, 200)

    page = as_user(marketer, f"{query.get_absolute_url()}?panel=export")
    expect(page.get_by_text(re.compile(r"/in/people-\d{8}-\{job\}\.csv\.gz"))).to_be_visible()
    expect(page.get_by_text("once encoded")).to_be_visible()
    page.get_by_text("More settings").click()
    expect(page.get_by_label("Unusual from (%)")).to_be_visible()
    good_page(page, "export-panel")
    page.get_by_label("Hold unusual results").uncheck()
    expect(page.get_by_label("Unusual from (%)")).to_be_hidden()
    expect(page.get_by_label("gzip level")).to_have_value("2")
    page.get_by_label("Encoders").select_option("encrypt_pgp")
    expect(page.get_by_label("gzip level")).to_be_hidden()
    page.get_by_label("Compression type").select_option("gzip")
    expect(page.get_by_label("gzip level")).to_be_visible()
    page.get_by_label("Encoders").select_option("")
    expect(page.get_by_label("gzip level")).to_be_hidden()


def is_round(batch, settings):
    yield Broken(pc.equal(pc.bit_wise_and(batch["id"], 7), 0), "The id is a multiple of eight.")


def has_email(schema, settings):
    if "email" not in schema.names:
        yield "There is no column named email."


ODD = RowRule(name="odd", sentence="Ids are no multiples of eight.", source="T", check=is_round)
EMAIL = ColumnRule(
    name="email",
    sentence="One column is named email.",
    source="T",
    check=has_email,
    when={"format": "tsv"},
)


@pytest.fixture
def strict(monkeypatch):
    """A receiver that does not take every row, and has one more wish for TSV."""
    monkeypatch.setattr(CONNECTORS["sftp_v2"], "contract", (ODD, EMAIL))


def test_the_panel_says_that_it_runs_the_saved_text(as_user, marketer, query):
    page = as_user(marketer, query.get_absolute_url())
    page.locator(".ace_text-input").focus()
    page.keyboard.type("-- more")
    expect(page.locator("#unsaved")).to_be_visible()

    page.get_by_role("link", name="Export Results").click()

    expect(page.get_by_role("button", name="Run the saved text and export")).to_be_visible()
    expect(page.get_by_text("the saved one is exported")).to_be_visible()


def test_the_panel_says_what_the_receiver_would_refuse(
    as_user, marketer, query, good_page, strict, monkeypatch
):
    monkeypatch.setattr(CONNECTORS["sftp_v2"], "contract", ())
    ran(query, 200)
    monkeypatch.setattr(CONNECTORS["sftp_v2"], "contract", (ODD, EMAIL))

    page = as_user(marketer, f"{query.get_absolute_url()}?panel=export")
    found = page.get_by_role("region", name="What SFTP_V2 asks of the rows")
    expect(found).to_contain_text("The id is a multiple of eight.")
    expect(found).to_contain_text("25 of 200 rows: nothing would be sent.")
    good_page(page, "export-panel-rules")
    page.get_by_label("Format*").select_option("tsv")

    expect(found).to_contain_text("There is no column named email.")
    expect(found).to_contain_text("Name and cast the columns in the query.")


def test_rejected_rows_are_counted_in_the_list_and_shown_with_their_reason(
    as_user, marketer, query, good_page, strict
):
    query.export |= {"skip_invalid": True, "hold_unusual": False}
    job = ran(query, 1000)
    assert job.status == "success", job.error

    page = as_user(marketer, "/workbench/jobs/")
    expect(page.get_by_text("125 rejected")).to_be_visible()
    good_page(page, "jobs-rejected")
    page.get_by_role("link", name="Newsletter").first.click()

    expect(page.get_by_role("heading", name="Not delivered: 125 rows")).to_be_visible()
    expect(page.get_by_text("The first 50 are shown")).to_be_visible()
    good_page(page, "job-rejects")


def test_five_rows_are_tried_from_the_panel_before_anything_is_saved(
    as_user, marketer, query, good_page, sshd
):
    ran(query, 200)
    Authentication.objects.bulk_create(
        Authentication(name=f"Spare {n}", type="s3", owner=marketer) for n in range(5)
    )
    page = as_user(marketer, f"{query.get_absolute_url()}?panel=export")
    page.get_by_label("Path prefix*").fill("/in/new/people.csv.gz")
    page.get_by_label("Search authentications").press_sequentially("drop\n")  # Nothing is saved.
    part = page.get_by_role("group", name="5. Test with 5 rows")
    expect(part).to_contain_text("/in/new/test-{job}-people.csv.gz")
    part.get_by_role("button", name="Test with 5 rows").press("Enter")
    expect(part).to_contain_text("Queued")
    good_page(page, "export-test-waits")
    job = Job.objects.get(test__isnull=False)
    jobs.run(job.pk)

    name = f"test-{job.pk}-people.csv.gz"
    expect(part).to_contain_text(re.compile(f"5 rows arrived at Partner drop as .*/in/new/{name}"))
    expect(part.get_by_role("button", name="Test with 5 rows")).to_be_focused()
    assert [path.name for path in (sshd.root / "in/new").iterdir()] == [name]
    good_page(page, "export-test")
    query.refresh_from_db()
    assert "new" not in query.export["path_prefix"]

    page.get_by_label("Path prefix*").fill("/in/newer/people.csv.gz")
    expect(part).to_contain_text("/in/newer/test-{job}-people.csv.gz")
    expect(part).to_contain_text(name)
    page.get_by_label("Path prefix*").press("Enter")  # It is Done, and neither test nor removal.
    expect(page.get_by_text("Results go to Partner drop from now on.")).to_be_visible()
    query.refresh_from_db()
    assert (query.jobs.count(), Job.objects.count()) == (1, 2)
    assert query.export["path_prefix"] == "/in/newer/people.csv.gz"
    page.goto(page.url.partition("/workbench")[0] + job.get_absolute_url())
    expect(page.get_by_role("heading", name="Delivered as a test")).to_be_visible()
    good_page(page, "job-test")


def test_a_late_answer_of_another_authentication_is_not_shown(as_user, marketer, query):
    other = Authentication(name="Other drop", type="sftp_v2", owner=marketer)
    other.settings = query.authentication.settings | {"host": "other.test"}
    other.save()
    page, held = as_user(marketer, f"{query.get_absolute_url()}?panel=export"), []
    page.route("**/export/draft/", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/export/draft/"):
        page.get_by_label("Path prefix*").fill("/in/late.csv.gz")
    page.get_by_text("Other drop").click()
    expect(page.locator("#export-file")).to_contain_text("other.test")

    with page.expect_response("**/export/draft/") as late:
        held[0].continue_()
    late.value.finished()
    page.get_by_label("Path prefix*").press("End")

    expect(page.locator("#export-file")).to_contain_text("other.test")


def test_a_test_says_that_it_has_started_where_its_panel_is_gone(as_user, marketer, query):
    page, held = as_user(marketer, f"{query.get_absolute_url()}?panel=export"), []
    page.route("**/export/test/", lambda route: held.append(route))
    with page.expect_request("**/export/test/"):
        page.get_by_role("button", name="Test with 5 rows").click()
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_role("dialog", name="Export Results")).to_be_hidden()

    held[0].continue_()

    expect(page.locator("#toasts")).to_contain_text(re.compile(r"Test: job \d+ has started\."))


def test_a_test_that_cannot_be_is_told_as_done_tells_it(as_user, marketer, query):
    page = as_user(marketer, f"{query.get_absolute_url()}?panel=export")
    page.get_by_label("Path prefix*").fill("/in/*.csv")
    page.get_by_role("button", name="Test with 5 rows").click()

    expect(page.get_by_text("'*' is not allowed in a file name.")).to_be_visible()
    expect(page.get_by_label("Path prefix*")).to_be_focused()
    assert not Job.objects.exists()
