"""A query that runs after another one starts once, whoever dies between the end and the start."""

from datetime import UTC, datetime

import pytest

from console import jobs
from console.models import DueSlot, Job, Query
from console.schedules import follow_query, schedule_query, tick
from tests.faults.deliveries import run_after_the_lease
from tests.faults.line import until
from tests.faults.processes import Ticking

pytestmark = pytest.mark.django_db(transaction=True)
FAR = datetime(2100, 1, 1, tzinfo=UTC)  # so that the upstream starts nothing by itself


@pytest.fixture
def upstream(database, marketer):
    """A job of a slot of a query, after which another query runs."""
    first, second = (
        Query.objects.create(name=name, database=database, sql="SELECT 1 AS n", owner=marketer)
        for name in ("First", "Second")
    )
    schedule_query(first, "@daily", now=FAR)
    follow_query(second, first)
    return jobs.submit_query(first, schedule=first.schedule, slot=FAR)


def has_started_once():
    """Assert that one tick starts the second query for the slot, and no other does."""
    assert tick() == 1
    assert tick() == 0
    assert Job.objects.get(query__name="Second").slot == FAR
    assert not DueSlot.objects.exists()


STEPS = {
    "before it ends": "console.jobs.running.succeed",
    "as it ends": "console.jobs.ending.make_due",
    "before what follows is written": "console.models.DueSlot.objects.bulk_create",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_before_its_end_is_written_has_started_nothing(step, upstream, start):
    worker = start(upstream, STEPS[step])
    worker.wait_at_step()

    worker.kill()

    upstream.refresh_from_db()
    assert upstream.status == "running"
    assert not DueSlot.objects.exists()
    assert tick() == 0
    assert run_after_the_lease(upstream).status == "success"
    has_started_once()


def test_a_worker_killed_right_after_its_end_has_started_what_follows(upstream, start):
    worker = start(upstream, "console.jobs.running.wake_next")
    worker.wait_at_step()

    worker.kill()

    upstream.refresh_from_db()
    assert upstream.status == "success"
    has_started_once()


@pytest.mark.parametrize(
    "step", ["console.schedules.following.planned", "console.jobs.submission.wake_worker"]
)
def test_a_tick_killed_in_the_middle_is_followed_by_another(step, upstream, start):
    assert jobs.run(upstream.pk)
    ticking = start(upstream, step, program=Ticking)
    ticking.wait_at_step()

    ticking.kill()

    assert not Job.objects.filter(query__name="Second").exists()
    has_started_once()


def test_the_cluster_runs_a_chain_to_its_end_for_one_slot(upstream, database, start_cluster):
    second = Query.objects.get(name="Second")
    third = Query.objects.create(
        name="Third", database=database, sql="SELECT TD_SCHEDULED_TIME() AS n", owner=second.owner
    )
    follow_query(third, second)
    cluster = start_cluster()

    until(lambda: Job.objects.filter(query=third, status="success").exists(), 60)

    assert cluster.stop() == 0
    chain = Job.objects.order_by("pk").values_list("name", "slot", "status")
    assert list(chain) == [(name, FAR, "success") for name in ("First", "Second", "Third")]
    last = Job.objects.get(query=third)
    assert b"".join(jobs.csv_lines(last)).split() == [b"n", b"%d" % FAR.timestamp()]
