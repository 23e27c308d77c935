"""Shares: exports to one account of CleverTap together send no more requests than it takes."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console import jobs
from console.jobs.ending import succeed
from console.jobs.lease import Lease, claim, ready
from console.jobs.places import NoPlace
from console.jobs.shares import WAITS, share_of
from console.models import Database, Job
from integrations.connectors.clevertap import CleverTap
from integrations.models import Authentication
from tests.integrations.clevertap import account as api  # noqa: F401  a fixture
from tests.integrations.clevertap import login
from tests.together import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def export(marketer, settings):
    """A function that makes a job whose result is there and is to go to an account."""
    Database.objects.create(name="shop", owner=marketer)
    folder = settings.RESULTS_DIR / "given"
    folder.mkdir()
    people = [str(n) for n in range(2_000)]
    pq.write_table(pa.table({"identity": people}), folder / "rows.parquet")
    result = {"result_path": "given/rows.parquet", "result_columns": [["identity", "varchar"]]}

    def make(login=None, **given):
        key = Authentication(
            name=f"Account {Job.objects.count()}", type="clevertap", owner=marketer
        )
        key.settings = login or account_of("W1")
        key.save()
        form = CleverTap.Export.from_json(given)
        assert form.is_valid(), form.errors
        what = {"database": "shop", "sql": "SELECT 1", "owner": marketer, "rows": len(people)}
        return Job.objects.create(authentication=key, export=form.cleaned_data, **what, **result)

    return make


def account_of(name):
    given = {"account_id": name, "account_passcode": "x", "region": "us1"}
    return CleverTap.Authentication.from_json(given).cleaned_data


def begun(job):
    """Begin the export of a job; return its lease."""
    lease = Lease(claim(job.pk))
    lease.take_place(share_of(lease.job))
    return lease


def test_exports_get_what_is_left_of_the_fifteen_uploads(export):
    first, second, third = (export(thread_count=10) for _ in range(3))

    assert [begun(first).requests, begun(second).requests] == [10, 5]
    with pytest.raises(NoPlace):
        begun(third)


def test_others_of_the_account_are_three_at_once(export):
    upload, demerge, other = (
        export(**given)
        for given in ({}, {"profile_operation": "demerge"}, {"profile_operation": "subscribe"})
    )

    assert [begun(upload).requests, begun(demerge).requests] == [5, 3]
    with pytest.raises(NoPlace):
        begun(other)


def test_another_account_has_its_own(export):
    assert begun(export(profile_operation="demerge")).requests == 3
    assert begun(export(account_of("W2"), profile_operation="demerge")).requests == 3


def test_who_waits_says_so_and_goes_on_when_another_ends(export, client):
    first, second = (export(profile_operation="demerge") for _ in range(2))
    lease = begun(first)

    assert jobs.run(second.pk)

    second.refresh_from_db()
    assert (second.status, second.attempt) == ("queued", 0)
    assert second not in ready() and not jobs.run(second.pk)
    client.force_login(second.owner)
    assert WAITS in client.get(second.get_absolute_url()).text
    succeed(lease, None)
    assert second in ready()
    assert WAITS not in client.get(second.get_absolute_url()).text


@pytest.mark.django_db(transaction=True)
def test_jobs_that_run_at_once_are_never_refused_for_too_many_requests(export, request, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    server = request.getfixturevalue("api")
    made = [export(login(server), profile_operation="demerge") for _ in range(3)]

    while waiting := [job.pk for job in made if job in ready()]:
        at_once(len(waiting), lambda index, keys=waiting: jobs.run(keys[index]))

    assert set(Job.objects.values_list("status", flat=True)) == {"success"}
    requests = server.store.read("requests")
    assert len(requests) == 60 and {each["status"] for each in requests} == {200}
    assert server.most_under_way == 3
