"""The demo objects: made once, complete, and every query among them runs."""

import pytest
from django.contrib.auth.models import User

from console import demo
from console.demo.authentications import VENDORS
from console.demo.data import load_demo
from console.demo.destinations import DESTINATION
from console.demo.queries import SAVED
from console.jobs import results, run, submit
from console.models import Job, Query, QueryVersion
from integrations.access import usable_by
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from integrations.transports.key_pairs import public_line

SANDBOX = demo.Sandbox(2222, "demo", "demo")
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
    assert [query.name for query in queries if query.export] == ["Lapsed gold & platinum"]
    assert made.schedule.cron == "@daily"
    assert made.schedule.next_slot
    assert QueryVersion.objects.filter(number=1).count() == len(SAVED)


def test_the_marketer_may_use_the_destination_and_not_change_it(made):
    marketer = User.objects.get(username="marketer")

    names = {DESTINATION, *(vendor.name for vendor in VENDORS)}
    assert {str(each) for each in usable_by(marketer)} == names
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


def test_the_destinations_follow_the_port_of_the_sandbox(made):
    demo.make(demo.Sandbox(2223, "demo", "demo"))

    assert {each.settings["port"] for each in Authentication.objects.all()} == {2223}


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


def test_the_other_sandboxes_have_authentications_too(made):
    demo.make(demo.Sandbox(2222, "demo", "demo", "http://127.0.0.1:9000", "demo", "demo-secret"))

    usable = usable_by(User.objects.get(username="marketer"))
    assert {each.name: each.type for each in usable} == {
        DESTINATION: "sftp_v2",
        "Demo S3 sandbox": "s3",
        "Demo Salesforce DMP": "salesforce_dmp",
    } | {vendor.name: vendor.type for vendor in VENDORS}
    for each in usable.filter(type__in=["s3", "salesforce_dmp"]):
        assert each.settings["endpoint"] == "http://127.0.0.1:9000"


def test_what_is_stored_is_what_the_forms_would_store(made):
    connector = CONNECTORS["sftp_v2"]
    for form, stored in (
        (connector.Authentication, made.authentication.settings),
        (connector.Export, made.export),
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
