"""Who claims the same, or writes, at the same moment. CONSOLE_TESTS_SOAK=1: more of it."""

import os

import pytest
from django.db import connection
from django_q.models import OrmQ

from console.jobs.submission import made, submit_all
from console.models import Job, JobLine, Query, Schedule
from console.schedules import schedule_query
from tests.faults.processes import environment
from tests.faults.racers import MINUTE, NOON, count, race, take_job, tick_at, write_down

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 1_000 if os.environ.get("CONSOLE_TESTS_SOAK") else 100
RACERS = 4
WRITES, WRITERS = ROUNDS // 4, 6


def contend(home, contest, what, tell):
    """Let processes contend. Assert that each round has one winner, and that all did collide."""
    counts, line = count(what, race(environment(home), contest, ROUNDS, RACERS))
    tell(f"{connection.vendor}: {line}")
    assert (counts["doubled"], counts["lost"]) == (0, 0), line
    assert counts["late"] == ROUNDS * (RACERS - 1), line
    # Where nobody came while another was at it, nothing would have been shown.
    assert counts["close"] > ROUNDS / 2, line


def test_tickers_that_find_a_slot_due_at_once_start_it_once(shared_home, database, marketer, tell):
    query = Query.objects.create(name="Each", database=database, sql="SELECT 1", owner=marketer)
    schedule_query(query, "* * * * *", now=NOON, overlap=Schedule.Overlap.ALLOW)

    contend(shared_home, tick_at, "slots", tell)

    slots = Job.objects.order_by("pk").values_list("slot", flat=True)
    assert list(slots) == [NOON + number * MINUTE for number in range(1, ROUNDS + 1)]
    assert OrmQ.objects.count() == ROUNDS
    assert Schedule.objects.get().next_slot == NOON + (ROUNDS + 1) * MINUTE


def test_workers_that_choose_a_job_at_once_have_it_once(shared_home, database, marketer, tell):
    submit_all([made("SELECT 1", database="shop", owner=marketer) for _ in range(ROUNDS)])

    contend(shared_home, take_job, "jobs", tell)

    claimed = Job.objects.filter(status=Job.Status.RUNNING, attempt=1).exclude(lease_until=None)
    assert claimed.count() == ROUNDS
    assert len(set(claimed.values_list("worker", flat=True))) == ROUNDS


def test_six_who_write_at_once_all_write(shared_home, database, marketer, tell):
    rounds = race(environment(shared_home), write_down, WRITES, WRITERS)

    tries = [each for one in rounds for each in one]
    assert len(tries) == WRITES * WRITERS and all(each.won for each in tries)
    assert Job.objects.filter(priority=1).count() == JobLine.objects.count() == len(tries)
    longest = max(each.ended - each.began for each in tries)
    tell(f"{connection.vendor}: {len(tries):,} writes of {WRITERS} at once, 0 found it locked, "
         f"{longest:.2f} s at most")  # fmt: skip
