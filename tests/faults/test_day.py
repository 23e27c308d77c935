"""A day of slots in minutes, with processes killed at random. CONSOLE_TESTS_SOAK=1: 1,440 slots."""

import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from console.models import Job, Notice, Query, Schedule
from console.schedules import schedule_query
from tests.faults.deliveries import Drop, hashed, texts
from tests.faults.hurried import Clock
from tests.faults.killing import Killer, at_work_in
from tests.faults.line import until
from tests.faults.processes import Cluster, alive

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.django_db(transaction=True),
]
SOAK = bool(os.environ.get("CONSOLE_TESTS_SOAK"))
EVENING = datetime(2026, 3, 2, 23, 56, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# Queries, minutes of slots, how much faster these come, and seconds between two kills.
QUERIES, MINUTES, SPEED, EVERY = (6, 240, 20, 6) if SOAK else (4, 12, 40, 2)
PATIENCE = 600 if SOAK else 120
LOOK = 0.5
TURN = 4 if SOAK else 1  # minutes between the slots of the last query, whose runs follow each other
EACH = 7 * TURN  # minutes, in which it has one slot that it cannot do
ROWS = 500
KILLED_QUERY = "needs more memory than"  # what a query that is killed is taken for
SQL = (
    "SELECT x AS n, TD_SCHEDULED_TIME() AS slot, cast(CASE WHEN {number} = {last} "
    "AND TD_SCHEDULED_TIME() % {every} = 0 THEN 'no number' ELSE '1' END AS bigint) AS one "
    f"FROM UNNEST(sequence(1, {ROWS})) t(x) ORDER BY x"
)


@pytest.fixture
def start_hurried(shared_home):
    """A function that starts a cluster whose slots come faster; all of them end with the test."""
    clock = Clock(EVENING.timestamp(), time.time(), SPEED)
    clusters = []

    def start():
        command = [sys.executable, "-m", "tests.faults.hurried", "cluster", *clock.words()]
        clusters.append(Cluster(shared_home, command=command))
        return clusters[-1]

    start.clock = clock
    yield start
    for cluster in clusters:
        cluster.close()


@pytest.fixture
def scheduled(authentication, database, marketer, exports):
    """Queries that are due each minute. The last one runs one after the other, and can fail."""
    queries = []
    for number in range(QUERIES):
        sql = SQL.format(number=number, last=QUERIES - 1, every=EACH * 60)
        path = f"/in/{number}-{{yyyy}}{{MM}}{{dd}}-{{HH}}{{mm}}.csv"
        query = Query.objects.create(
            name=f"{number}", database=database, sql=sql, owner=marketer, retry_limit=20,
            authentication=authentication,
            export=exports(path, rename_file_after_upload=number % 2 == 0),
        )  # fmt: skip
        turn = Schedule.Overlap.QUEUE if number == QUERIES - 1 else Schedule.Overlap.ALLOW
        rules = {"missed": Schedule.Missed.ALL, "missed_most": 1000, "overlap": turn}
        schedule_query(query, f"*/{every(query)} * * * *", now=EVENING, **rules)
        queries.append(query)
    return queries


def test_each_slot_of_a_day_of_kills_is_delivered_or_reported_once(
    scheduled, start_hurried, server, line, shared_home, tell
):
    seed = os.environ.get("CONSOLE_TESTS_SEED", "1")
    killer = Killer(start_hurried, [start_hurried(), start_hurried()], seed)
    until(lambda: reached(MINUTE), PATIENCE, LOOK)
    while not reached(MINUTES * MINUTE):
        until(lambda: helped(killer.strike), PATIENCE, LOOK)
        rest = time.monotonic() + EVERY
        until(lambda: helped(lambda: time.monotonic() > rest), PATIENCE, LOOK)  # noqa: B023
    while jobs := helped(unfinished):
        until(lambda: helped(unfinished) < jobs, PATIENCE, LOOK)
    assert [cluster.stop() for cluster in killer.clusters] == [0, 0]

    counts = Counter(end for query in scheduled for end in ends(query, server.root / "in"))
    said = f"{connection.vendor}: {sum(counts.values()):,} slots: " + ", ".join(
        f"{counts[end]:,} {end}" for end in ("delivered", "reported", "skipped", "doubled", "lost")
    )
    tell(f"{said}; {len(killer.struck)} kills, seed {seed}")
    assert not [end for end in counts if end not in ("delivered", "reported", "skipped")], story(
        said, killer
    )
    assert len(Drop(server).all()) == counts["delivered"], story(said, killer)
    assert counts["reported"] and counts["delivered"] > counts["reported"]
    assert not Job.objects.exclude(worker="", lease_until=None).exists()
    assert at_work_in(shared_home) == []


def every(query):
    """Return the minutes between its slots."""
    return TURN if is_last(query) else 1


def is_last(query):
    return query.name == str(QUERIES - 1)


def reached(passed):
    return not Schedule.objects.filter(next_slot__lt=EVENING + passed).exists()


def helped(condition):
    """Return whether it holds. In the short run, leases of the dead end at once."""
    if not SOAK:
        past = timezone.now() - timedelta(seconds=1)
        for job in Job.objects.filter(status=Job.Status.RUNNING):
            if not alive(job.worker.partition("-")[0]):
                Job.objects.filter(pk=job.pk, worker=job.worker).update(lease_until=past)
    return condition()


def unfinished():
    """Let no slot come any more. Return how many jobs are not done with."""
    Schedule.objects.filter(paused_at=None).update(paused_at=timezone.now())
    return Job.objects.exclude(status__in=Job.FINISHED).count()


def ends(query, folder):
    """Return what became of each slot that has come, by what there is of it."""
    query.schedule.refresh_from_db()
    made = {}
    for job in query.schedule.jobs.all():
        made.setdefault(job.slot, []).append(job)
    step = every(query) * MINUTE
    slots = (query.schedule.next_slot - EVENING) // step - 1
    expected = [EVENING + number * step for number in range(1, slots + 1)]
    found = [end_of(query, slot, made.pop(slot, []), folder) for slot in expected]
    return [*found, *("not due" for _ in made)]


def end_of(query, slot, jobs, folder):
    if len(jobs) != 1:
        return "doubled" if jobs else "lost"
    [job] = jobs
    file = folder / f"{query.name}-{slot:%Y%m%d-%H%M}.csv"
    if job.status == Job.Status.SKIPPED and job.error and not file.exists():
        return "skipped"
    if job.status == Job.Status.ERROR and is_reported(job, slot) and not file.exists():
        return "reported"
    return "delivered" if is_delivered(job, slot, file) else f"{job.status}: {job} {texts(job)}"


def fails(query, slot):
    return is_last(query) and slot.timestamp() % (EACH * 60) == 0


def is_reported(job, slot):
    """Return whether the owner has heard once that the job failed, and can read why."""
    why = "Could not convert string" if fails(job.query, slot) else KILLED_QUERY
    told = Notice.objects.filter(job=job, kind=Notice.Kind.FAILED)
    return why in job.error and told.count() == 1


def is_delivered(job, slot, file):
    """Return whether the file is there, with the rows of its slot, and was delivered once."""
    lines = "".join(f"{n},{int(slot.timestamp())},1\n" for n in range(1, ROWS + 1))
    data = f"n,slot,one\n{lines}".encode()
    if (
        fails(job.query, slot)
        or job.status != Job.Status.SUCCESS
        or not file.exists()
        or file.read_bytes() != data
    ):
        return False
    once = len([text for text in texts(job) if text.startswith("Delivered")]) == 1
    return once and [each["sha256"] for each in job.receipt["files"]] == [hashed(data)]


def story(said, killer):
    """Return what was done, and what the clusters said of it."""
    return "\n".join([said, *killer.struck, killer.clusters[0].said()[-20_000:]])
