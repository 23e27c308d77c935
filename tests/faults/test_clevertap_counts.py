"""Jobs of which CleverTap takes fewer records than it was sent, and does not say which."""

import pytest

from console import jobs
from console.jobs.changes.wishes import token
from console.jobs.in_part import so_far
from console.models import Database, Query
from console.queries.saving import save
from tests.console.deliveries import matches
from tests.faults.batches import ROWS, SQL
from tests.faults.deliveries import run

pytestmark = pytest.mark.django_db(transaction=True)


def test_rows_that_may_have_been_refused_are_unsure_and_the_others_delivered(account, send):
    account.switches.faults = ["ok", "vague"]
    job = run(send())

    assert (job.status, job.rejected) == ("success", 1_000), job.error
    assert job.receipt["rows"] == ROWS - 1
    assert [match.status for match in matches("1500")] == ["unsure"]
    assert [match.status for match in matches("3")] == ["delivered"]
    assert [match.status for match in matches("4200")] == ["delivered"]


def test_the_page_lists_them_as_not_delivered_or_unknown(account, send, client):
    account.switches.faults = ["ok", "vague", "401"]
    job = run(send())
    client.force_login(job.owner)

    page = client.get(job.get_absolute_url()).text

    assert "Not delivered, or unknown: 1,000 rows" in page
    assert so_far(job) == (
        "CleverTap has taken 1,999 of the 4,500 rows and refused 1. Retry sends the others."
    )


def test_rows_of_a_request_that_failed_are_not_logged_as_delivered(account, send):
    account.switches.faults = ["fail"]
    job = run(send())

    assert (job.status, job.rejected) == ("success", 1_000), job.error
    assert matches("3") == []
    assert [match.status for match in matches("1500")] == ["delivered"]


@pytest.mark.parametrize("skip", [True, False])
def test_changes_are_sent_again_as_long_as_they_may_be_missing(skip, account, send):
    query = changes_only(send(skip_invalid=skip))
    account.switches.faults = ["ok", "vague"]
    first = run(jobs.submit_query(query))
    assert first.status == ("success" if skip else "error")

    again = run(jobs.submit_query(query))

    assert again.status == "success", again.error
    assert sum(again.compared["sent"].values()) == (1_000 if skip else ROWS)
    last = run(jobs.submit_query(query))
    assert "nothing has changed" in last.receipt["skipped"]


def changes_only(job):
    """Return a query like the job's that sends what has changed."""
    query = Query(name="Seen", database=Database.objects.get(), owner=job.owner, sql=SQL)
    query.authentication, query.export = job.authentication, job.export
    query.changes = {"key": ["identity"], "tell": "nothing", "removed": False, "since": token()}
    save(query, by=job.owner)
    query.save()
    return query
