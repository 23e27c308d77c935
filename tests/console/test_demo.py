"""The demo objects: made once, complete, and every query among them runs."""

import threading
from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from console import demo
from console.demo.authentications import VENDORS
from console.demo.data import load_demo
from console.demo.destinations import CLEVERTAP_ACCOUNT, DESTINATION, S3, SALESFORCE_DMP
from console.demo.queries import SAVED
from console.jobs import results, run, submit, submit_query
from console.models import Job, Query, QueryVersion
from integrations.access import usable_by
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from integrations.sandbox.clevertap.server import Sandbox
from integrations.transports.key_pairs import public_line

SANDBOX = demo.Sandbox(
    2222,
    "demo",
    "demo",
    s3="http://127.0.0.1:9000",
    access_key_id="demo",
    secret_access_key="demo-secret",
    clevertap="http://127.0.0.1:8090",
)
COLUMNS = {
    "Revenue by month": ["month", "orders", "buyers", "revenue"],
    "Top categories": ["category", "orders", "items", "revenue"],
    "Rokt conversions": [
        "email_sha256",
        "confirmation_ref",
        "amount",
        "currency",
        "conversion_time",
    ],
    "CleverTap profiles": [
        "identity",
        "name",
        "email",
        "phone",
        "loyalty_tier",
        "lifecycle",
        "order_count",
        "lifetime_value",
    ],
    "Krux segments": ["user_id", "td_segment"],
    "Lapsed gold & platinum": [
        "td_client_id",
        "email",
        "first_name",
        "loyalty_tier",
        "lifecycle",
        "favourite_category",
        "order_count",
        "lifetime_value",
    ],
}


@pytest.fixture
def made(db):
    """The demo over fewer customers; the query that exports."""
    load_demo(User.objects.create_user("keeper"), 2_000)
    return demo.make(SANDBOX)


def test_the_marketer_has_the_queries_and_one_is_exported_every_day(made):
    queries = Query.objects.filter(owner__username="marketer")

    assert {query.name for query in queries} == set(COLUMNS)
    exported = {query.name for query in queries if query.export}
    assert exported == {"Lapsed gold & platinum", "CleverTap profiles"}
    assert [query.name for query in queries if query.schedule] == ["Lapsed gold & platinum"]
    assert made.schedule.cron == "@daily"
    assert made.schedule.next_slot
    assert QueryVersion.objects.filter(number=1).count() == len(SAVED)


def test_the_marketer_may_use_the_destinations_and_not_change_them(made):
    marketer = User.objects.get(username="marketer")

    assert {each.name: each.type for each in usable_by(marketer)} == {
        DESTINATION: "sftp_v2",
        S3: "s3",
        SALESFORCE_DMP: "salesforce_dmp",
        CLEVERTAP_ACCOUNT: "clevertap",
    } | {vendor.name: vendor.type for vendor in VENDORS}
    assert {each.owner.username for each in Authentication.objects.all()} == {"admin"}
    assert not marketer.is_staff


def test_a_second_time_makes_nothing_again_and_keeps_what_was_changed(made):
    made.sql = "SELECT 1 AS one"
    made.save()

    again = demo.make(SANDBOX)

    assert again == made
    assert again.sql == "SELECT 1 AS one"
    assert Query.objects.count() == len(SAVED)
    assert User.objects.filter(username__in=["admin", "marketer"]).count() == 2


def test_the_destinations_follow_the_addresses_of_the_sandbox(made):
    demo.make(replace(SANDBOX, port=2223, s3="http://127.0.0.1:1", clevertap="http://127.0.0.1:2"))

    given = [each.settings for each in Authentication.objects.all()]
    assert {each["port"] for each in given if "port" in each} == {2223}
    assert {each["endpoint"] for each in given if "endpoint" in each} == {"http://127.0.0.1:1"}
    assert {each["api_host"] for each in given if "api_host" in each} == {"http://127.0.0.1:2"}


def test_the_vendors_of_the_sandbox_know_the_keys_and_keep_them(made, settings):
    saved = settings.HOME / "keys/sandbox/saved_keys"
    before = saved.read_text()

    demo.make(SANDBOX)

    assert saved.read_text() == before
    keys = {
        public_line(Authentication.objects.get(name=vendor.name).settings["secret_key_file"])
        for vendor in VENDORS
    }
    assert keys == set(before.splitlines())


def test_what_is_stored_is_what_the_forms_would_store(made):
    for query in Query.objects.exclude(authentication=None):
        connector = CONNECTORS[query.authentication.type]
        for form, stored in (
            (connector.Authentication, query.authentication.settings),
            (connector.Export, query.export),
        ):
            checked = form.from_json(stored)
            assert checked.is_valid(), checked.errors
            assert checked.cleaned_data == stored


def test_every_query_runs_and_has_rows(made):
    for query in Query.objects.all():
        job = submit(query.sql, database="demo", owner=query.owner)
        run(job.pk)
        job.refresh_from_db()

        assert (job.status, job.error) == (Job.Status.SUCCESS, "")
        assert results.rows_of(job).columns == COLUMNS[query.name]
        assert job.rows > 0, query.name


def test_the_profiles_hold_to_what_clevertap_asks_for(made, settings, tmp_path):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    account = Sandbox(tmp_path / "clevertap")
    threading.Thread(target=account.serve, daemon=True).start()
    demo.make(replace(SANDBOX, clevertap=account.address))
    query = Query.objects.get(name="CleverTap profiles")

    job = submit_query(query)
    run(job.pk)
    account.stop()

    job.refresh_from_db()
    assert (job.status, job.rejected) == (Job.Status.SUCCESS, 0), job.error
    assert job.receipt["summary"].startswith(f"Uploaded {job.rows:,} profiles to CleverTap")
