"""From the catalog to a receipt: profiles for CleverTap, as a marketer sends them."""

import pytest
from playwright.sync_api import expect

from console import jobs
from console.models import Job, Query
from console.queries.saving import save
from integrations.sandbox.clevertap import ACCOUNT, PASSCODE

SQL = """SELECT 'u' || CAST(x AS varchar) AS identity, 'Ann' AS name,
  CASE WHEN x = 3 THEN '0123' ELSE '+14155551234' END AS phone
FROM UNNEST(sequence(1, 12)) t(x) ORDER BY x"""


@pytest.fixture
def query(shop, marketer, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    query = Query(name="Profiles", database=shop, sql=SQL, owner=marketer)
    save(query, by=marketer)
    jobs.run(jobs.submit_query(query, by=marketer).pk)
    return query


def fill_in(page, account):
    page.get_by_label("Account ID*").fill(ACCOUNT)
    page.get_by_label("Account Passcode*").fill(PASSCODE)
    expect(page.get_by_label("API host*")).to_be_hidden()
    page.get_by_label("Region*").select_option("Another host")
    page.get_by_label("API host*").fill(account.address)


def create(page, account, good_page):
    """Go from the catalog to an authentication for the account."""
    page.get_by_role("link", name="CleverTap").first.click()
    good_page(page, "clevertap-reference")
    page.get_by_role("link", name="Create Authentication").first.click()
    fill_in(page, account)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The connection works")).to_be_visible(timeout=20_000)
    good_page(page, "clevertap-credentials")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name*", exact=True).fill("CleverTap W1")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CleverTap W1")
    assert PASSCODE not in page.content()


def choose(page, good_page):
    """Look at the settings of each entity, and leave those of profiles."""
    panel = page.get_by_role("dialog", name="Export Results")
    panel.get_by_label("CleverTap W1").check()
    operation = panel.get_by_label("User Profiles operation")
    arrays = panel.get_by_label("Array Property Operation")
    expect(arrays).to_be_visible()
    operation.select_option("Demerge User Profile")
    expect(arrays).to_be_hidden()
    panel.get_by_label("Target Data Entity").select_option("User Audiences - Custom List")
    expect(operation).to_be_hidden()
    expect(panel.get_by_label("Name for Custom List Upload")).to_be_visible()
    good_page(page, "clevertap-export-list")
    panel.get_by_label("Target Data Entity").select_option("User Profiles")
    operation.select_option("Upload User Profiles")
    preview = panel.get_by_role("region", name="First bytes of what is sent", exact=True)
    expect(preview).to_contain_text('{"d":[{"type":"profile","identity":"u1"')
    panel.get_by_label("Skip on Invalid Record").check()
    good_page(page, "clevertap-export")
    panel.get_by_role("button", name="Run and export now").click()
    expect(panel).to_be_hidden()


def test_profiles_go_from_a_query_to_clevertap(as_user, marketer, query, account, good_page):
    page = as_user(marketer, "/integrations/catalog/")
    here = page.url.partition("/integrations")[0]
    create(page, account, good_page)
    page.goto(f"{here}{query.get_absolute_url()}?panel=export")
    choose(page, good_page)

    job = Job.objects.latest("pk")
    jobs.run(job.pk)
    page.goto(here + job.get_absolute_url())
    told = page.get_by_role("paragraph").filter(
        has_text="Uploaded 11 profiles to CleverTap account"
    )
    expect(told).to_be_visible()
    expect(page.get_by_text("phone is not a number like +14155551234.").first).to_be_visible()
    good_page(page, "clevertap-receipt")
    assert len(account.store.read("profiles")) == 11
