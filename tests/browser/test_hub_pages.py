"""Pages of the Hub that tell something: a connector's rules, addresses, the sandbox."""

import re

import pytest
from playwright.sync_api import expect

from console import jobs, tables
from console.models import Job, Query
from console.queries.saving import save
from integrations.connectors import CONNECTORS
from integrations.contract import RowRule
from integrations.models import Authentication

LONG = RowRule(
    name="email_is_an_address",
    sentence="Each e-mail is an address with an @, or the SHA-256 of one in lower case.",
    source="Vendor, file specification",
    when={"format": ("csv", "tsv")},
    check=lambda batch, settings: (),
)


def test_a_connector_shows_its_rules_limits_and_query(as_user, marketer, good_page, monkeypatch):
    connector = CONNECTORS["sftp_v2"]
    monkeypatch.setattr(connector, "contract", (LONG,))
    monkeypatch.setattr(connector, "limits", ("A second file of a day replaces the first one.",))
    monkeypatch.setattr(connector, "example_query", f"SELECT email{' ' * 60}AS e\nFROM customers")

    page = as_user(marketer, "/integrations/catalog/sftp_v2/")

    rules = page.get_by_role("region", name="Rules", exact=True)
    expect(rules).to_contain_text("email_is_an_address")
    expect(rules).to_contain_text('format is "csv" or "tsv"')
    expect(page.get_by_role("heading", name="Limits")).to_be_visible()
    good_page(page, "connector-rules")


@pytest.mark.parametrize("told", [["203.0.113.7", "2001:db8:1234:5678:9abc:def0:1234:5678"], []])
def test_the_addresses_are_shown_and_copied(as_user, marketer, good_page, settings, told):
    settings.EGRESS_ADDRESSES = told

    page = as_user(marketer, "/integrations/addresses/")
    expect(page.get_by_role("heading", name="What this machine sees")).to_be_visible()
    good_page(page, f"addresses-{len(told)}")
    if told:
        page.get_by_role("button", name="Copy").first.click()
        expect(page.get_by_text(re.compile("Copied|Press Ctrl"))).to_be_visible()


def test_the_sandbox_is_listed_and_looked_into(as_user, keeper, good_page, settings, tmp_path):
    settings.SANDBOX_DIR = tmp_path / "sandbox"
    settings.SANDBOX_DIR.mkdir()
    destination = Authentication(name="Demo", type="sftp_v2", owner=keeper)
    destination.settings = {"host": "127.0.0.1", "port": 22}
    destination.save()
    page = as_user(keeper, "/integrations/sandbox/")
    expect(page.get_by_text("Nothing has arrived yet")).to_be_visible()
    good_page(page, "sandbox-empty")
    name = "a_rather_long_name_of_a_file_of_everything_that_changed_since_yesterday.csv"
    (settings.SANDBOX_DIR / name).write_bytes(b"id,name\r\n" + b"1,ann\r\n" * 2000)

    page.reload()
    good_page(page, "sandbox")
    page.get_by_role("link", name=name).click()

    expect(page.get_by_role("region", name="First bytes of the file")).to_contain_text("id,name")
    good_page(page, "sandbox-file")


def test_a_result_becomes_a_table_from_the_catalog_to_the_receipt(as_user, marketer, good_page):
    shop = tables.create_database("shop", marketer)
    query = Query(name="Gold", database=shop, sql="SELECT 'k1' AS kuid", owner=marketer)
    save(query, by=marketer)

    page = as_user(marketer, "/integrations/catalog/treasure_data/new/")
    good_page(page, "td-credentials")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name*", exact=True).fill("Tables of the console")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tables of the console")
    good_page(page, "td-authentication")
    page.goto(page.url.partition("/integrations")[0] + f"{query.get_absolute_url()}?panel=export")
    page.get_by_text("Tables of the console").click()
    page.get_by_label("Database*").fill("shop")
    page.get_by_label("Table*").fill("segment_gold")
    expect(page.get_by_role("heading", name="3. What is sent")).to_be_visible()
    good_page(page, "td-panel")
    page.get_by_role("button", name="Run and export now").click()
    expect(page.get_by_text("Its job has started.")).to_be_visible()

    job = Job.objects.get()
    jobs.run(job.pk)
    page.goto(page.url.partition("/workbench")[0] + job.get_absolute_url())
    receipt = page.get_by_role("region", name="Delivered")
    expect(receipt).to_contain_text("Appended 1 row to shop.segment_gold.")
    good_page(page, "td-receipt")
