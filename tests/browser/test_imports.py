"""A person sends a query to CleverTap's import: key pair, table of columns, receipt, failures."""

import re

import pytest
from playwright.sync_api import expect

from console import jobs
from console.models import Database, Job, Query
from console.queries.saving import save
from integrations.connectors.rokt import Rokt
from integrations.models import Authentication
from integrations.transports.key_pairs import public_line
from tests.integrations.clevertap_imports import Account

SQL = """SELECT 'ann' AS identity, 'Ann' AS name, TRUE AS msg_sms, DATE '2020-05-12' AS born
UNION ALL SELECT 'bob', 'Bob', FALSE, NULL ORDER BY 1"""


@pytest.fixture
def clevertap(sandbox, tmp_path, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    return Account(sandbox, tmp_path / "sandbox")


@pytest.fixture
def query(marketer):
    shop = Database.objects.create(name="shop", owner=marketer)
    query = save(Query(name="Newsletter", database=shop, sql=SQL, owner=marketer), by=marketer)
    jobs.run(jobs.submit_query(query).pk)
    return query


def test_a_key_pair_is_made_and_its_public_half_handed_out(
    as_user, marketer, clevertap, good_page, tmp_path
):
    page = as_user(marketer, "/integrations/catalog/")
    good_page(page, "imports-catalog")
    page.goto(page.url + "clevertap_sftp/new/")
    page.get_by_label("Host").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(clevertap.sandbox.port))
    page.get_by_label("Username").fill("TEST-000-000Z")
    page.get_by_role("button", name="Generate a key pair").click()
    shown = page.locator("#public-key").text_content()
    expect(page.get_by_label("Host")).to_have_value("127.0.0.1")
    good_page(page, "imports-credentials")
    (tmp_path / "sandbox/saved_keys").write_text(shown)

    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#test-result")).to_contain_text("delete")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name*", exact=True).fill("CleverTap")
    page.get_by_role("button", name="Done").click()

    expect(page.locator("#public-key")).to_have_text(shown)
    good_page(page, "imports-authentication")


@pytest.fixture
def connected(clevertap, marketer):
    """Mia's authentication, with a key that CleverTap knows."""
    connector = clevertap.connector()
    kept = Authentication(name="CleverTap", type=connector.name, owner=marketer)
    kept.replace_settings(connector.authentication)
    kept.save()
    return kept


def add_and_empty_a_row(page):
    rows = page.get_by_role("textbox", name=re.compile(r"^Column \d+$"))
    number = rows.count() + 1
    page.get_by_role("button", name="Add a row").press("Enter")
    expect(rows).to_have_count(number)
    expect(rows.last).to_be_focused()
    rows.last.fill("later")
    page.get_by_label(f"Data type of {number}").select_option("LONG")
    told = page.locator("#export-file").get_by_text("names later, which the result does not have")
    expect(told).to_be_visible()
    rows.last.fill("")
    page.get_by_label(f"Data type of {number}").select_option("")
    expect(told).to_be_hidden()


def test_profiles_are_imported(editor, query, clevertap, connected, good_page):
    page = editor(f"{query.get_absolute_url()}?panel=export")
    page.get_by_role("radio", name="CleverTap").check()
    page.wait_for_load_state("networkidle")
    page.get_by_label("Profile").check()
    page.get_by_label("Client e-mail").fill("admin@clientdomain.com")
    expect(page.get_by_label("Property in CleverTap (ctName) of name")).to_have_value("Name")
    expect(page.get_by_label("Data type of msg_sms")).to_have_value("BOOLEAN")
    page.get_by_label("Property in CleverTap (ctName) of born").fill("Born")
    expect(page.get_by_label("First bytes of the file", exact=True)).to_contain_text(
        "ann,Ann,true,$D_1589241600"
    )
    expect(page.get_by_text(re.compile(r"^import-\d{14}-\{job\}-1\.csv"))).to_be_visible()
    add_and_empty_a_row(page)
    good_page(page, "imports-panel")

    page.get_by_role("button", name="Run and export now").click()
    expect(page.locator("#job")).to_contain_text("Queued")
    page.goto(page.url.partition("/workbench")[0] + Job.objects.latest("pk").get_absolute_url())
    jobs.run(Job.objects.latest("pk").pk)
    delivered = page.get_by_role("region", name="Delivered")
    expect(delivered).to_contain_text("One data file with its manifest, 2 rows as profiles")

    assert clevertap.report()["rows"] == 2
    named = {"identity": "ann", "Name": "Ann", "MSG-sms": True, "Born": "$D_1589241600"}
    assert clevertap.imported()[0] == named


def test_rows_that_failed_there_are_handed_in(
    as_user, query, clevertap, connected, good_page, tmp_path
):
    query.authentication, query.export = connected, clevertap.connector().settings
    query.save()
    job = jobs.submit_query(query)
    jobs.run(job.pk)
    page = as_user(query.owner, job.get_absolute_url())
    failures = tmp_path / "failures.csv"
    failures.write_text("identity,Failure Description\nbob,Phone number is not valid\n")

    page.get_by_label("File of failures").set_input_files(failures)
    page.get_by_role("button", name="Mark these rows").click()

    expect(page.get_by_role("heading", name="Not delivered: 1 row")).to_be_visible()
    page.get_by_text("Send mended rows").click()
    expect(page.get_by_label("Mended rows")).to_be_visible()
    good_page(page, "imports-job")


def test_the_stored_key_is_replaced_after_a_question(as_user, marketer, clevertap, connected):
    page = as_user(marketer, connected.get_absolute_url())
    expect(page.locator("#public-key")).to_have_text(public_line(clevertap.key))

    page.get_by_role("button", name="Generate a new key pair").click()
    expect(page.get_by_role("dialog")).to_contain_text("Replace the key of CleverTap?")
    page.keyboard.press("Escape")
    expect(page.locator("#public-key")).to_have_text(public_line(clevertap.key))


def test_a_list_for_rokt_shows_its_hashes_before_they_are_sent(
    editor, marketer, sandbox, good_page, settings
):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    shop = Database.objects.create(name="shop", owner=marketer)
    sql = "SELECT ' Test@Example.com ' AS email"
    query = save(Query(name="List", database=shop, sql=sql, owner=marketer), by=marketer)
    jobs.run(jobs.submit_query(query).pk)
    login = {"host": "127.0.0.1", "port": sandbox.port, "username": "demo"}
    login |= {"auth_method": "password", "password": "demo"}
    kept = Authentication(name="Rokt", type="rokt", owner=marketer)
    kept.replace_settings(Rokt.Authentication.from_json(login).cleaned_data)
    kept.save()

    page = editor(f"{query.get_absolute_url()}?panel=export")
    page.get_by_label("Rokt").first.check()
    page.wait_for_load_state("networkidle")
    page.get_by_label("Conversions").check()
    expect(page.get_by_label("Advertiser database")).to_be_hidden()
    page.get_by_label("Exclude Audience").check()
    page.get_by_label("Advertiser database").fill("AdvertiserDatabase")
    page.get_by_label("List name").fill("MyList")
    page.get_by_label("File name").fill("people.csv")
    expect(page.get_by_label("First bytes of the file", exact=True)).to_contain_text(
        "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
    )
    where = "/upload/custom-audience/exclude/AdvertiserDatabase/MyList/people.csv"
    expect(page.get_by_text(where, exact=True)).to_be_visible()
    good_page(page, "imports-rokt")
    page.get_by_role("button", name="Run and export now").click()
    expect(page.locator("#job")).to_contain_text("Queued")
    page.goto(page.url.partition("/workbench")[0] + Job.objects.latest("pk").get_absolute_url())
    jobs.run(Job.objects.latest("pk").pk)
    expect(page.get_by_role("region", name="Delivered")).to_contain_text(where)
    assert (sandbox.root / where[1:]).read_text().startswith("973dfe46")
