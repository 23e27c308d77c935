"""The way to Salesforce DMP: catalog, authentication, query, export, rejects and receipt."""

import re

import pytest
from playwright.sync_api import expect

from console import jobs
from console.models import Database, Job, Query
from console.queries.saving import save
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from tests.servers import wait_until

SQL = """\
SELECT user_id, td_segment, firstname
FROM (VALUES ('uid1', 'seg1,seg2', 'Britty'), ('uid2', 'seg1', 'Da;vid'))
AS t(user_id, td_segment, firstname)
"""


@pytest.fixture
def query(marketer, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    shop = Database.objects.create(name="shop", owner=marketer)
    query = Query(name="Segments", database=shop, sql=SQL, owner=marketer)
    save(query, by=marketer)
    return query


def fill_in(page, s3):
    page.get_by_label("Client name").fill("client-treasure-data")
    page.get_by_label("Access key ID").fill(s3.key_id)
    page.get_by_label("Secret access key").fill(s3.secret)
    page.get_by_text("Advanced").click()
    page.get_by_label("Endpoint").fill(s3.address)
    page.get_by_label("Path style").check()


def test_from_the_catalog_to_the_receipt(as_user, marketer, query, s3, good_page):
    page = as_user(marketer, "/integrations/catalog/")
    page.get_by_role("link", name="Create Authentication for Salesforce DMP").click()
    fill_in(page, s3)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The connection works")).to_be_visible(timeout=20_000)
    good_page(page, "dmp-credentials")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name*", exact=True).fill("Krux")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Krux")

    page.goto(page.url.split("/integrations")[0] + f"{query.get_absolute_url()}?panel=export")
    page.get_by_text("Krux").first.click()
    page.get_by_label("Skip invalid records").check()
    expect(
        page.get_by_text(re.compile(r"s3://krux-partners/client-treasure-data/uploads/")).first
    ).to_be_visible()
    page.get_by_role("button", name="Run and export now").click()
    job = wait_until(Job.objects.first)
    jobs.run(job.pk)
    page.goto(page.url.split("/workbench")[0] + job.get_absolute_url())
    expect(page.get_by_role("heading", name="Delivered", exact=True)).to_be_visible()
    expect(page.get_by_text("firstname holds a separator").first).to_be_visible()
    good_page(page, "dmp-receipt")
    [key] = s3.keys("krux-partners")
    assert s3.read(key, "krux-partners") == b"uid1^firstname:Britty;segment:seg1,seg2\n"
    page.goto(page.url.split("/workbench")[0] + f"{query.get_absolute_url()}?panel=export")
    expect(page.get_by_text("uid1^firstname:Britty;segment:seg1,seg2").first).to_be_visible()
    good_page(page, "dmp-export")


def test_the_panel_of_a_bucket_asks_for_what_applies(as_user, marketer, query, s3, good_page):

    bucket = Authentication(name="Exports", type="s3", owner=marketer)
    bucket.replace_settings(CONNECTORS["s3"].Authentication.from_json(s3.settings).cleaned_data)
    bucket.save()
    jobs.run(jobs.submit_query(query).pk)
    page = as_user(marketer, f"{query.get_absolute_url()}?panel=export&authentication={bucket.pk}")

    page.get_by_label("Bucket").fill("demo")
    page.get_by_label("Path prefix").fill("people/{yyyy}-{MM}-{dd}.jsonl")
    page.get_by_label("Format").select_option("JSON lines")
    expect(page.get_by_label("Header line?")).to_be_hidden()
    expect(page.get_by_text('{"user_id":"uid1"').first).to_be_visible()
    expect(page.get_by_label("KMS key ID")).to_be_hidden()
    page.get_by_label("Server-side encryption").select_option("aws:kms")
    expect(page.get_by_label("KMS key ID")).to_be_visible()
    good_page(page, "s3-export")
    page.get_by_label("Format").select_option("Parquet")
    expect(page.get_by_text("A Parquet file is not text")).to_be_visible()
    good_page(page, "s3-parquet")


def test_a_form_that_came_back_writes_the_file_that_it_shows(as_user, marketer, query, s3):
    """What the page hid while it was sent has its defaults again once it applies."""
    server = {"access_key_id": s3.key_id, "secret_access_key": s3.secret, "endpoint": s3.address}
    kept = Authentication(name="Lake", type="s3", owner=marketer)
    form = CONNECTORS["s3"].Authentication.from_json(server | {"path_style": True})
    assert form.is_valid(), form.errors
    kept.settings = form.cleaned_data
    kept.save()
    page = as_user(marketer, f"{query.get_absolute_url()}?panel=export")
    page.get_by_text("Lake").first.click()
    page.locator("#export_format").select_option("jsonl")
    page.get_by_role("button", name="Run and export now").click()
    expect(page.get_by_label("Bucket")).to_have_attribute("aria-invalid", "true")

    page.get_by_label("Bucket").fill("demo")
    page.get_by_label("Path prefix").fill("out.csv")
    page.locator("#export_format").select_option("csv")
    expect(page.get_by_label("Header line?")).to_be_checked()
    page.get_by_role("button", name="Run and export now").click()
    job = wait_until(Job.objects.first)
    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.status == "success", job.error
    assert s3.read("out.csv").startswith(b"user_id,td_segment,firstname\r\nuid1,")
