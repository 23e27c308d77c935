"""Runs of the last month that the demo makes up, so that charts have something to show.

Each says so itself, in its SQL and its log. None has a receipt, a result or a destination: none
of them delivered anything. They are of no slot, so that earlier slots can be run in earnest.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from console.models import Job, JobLine, Query

DAYS = 30
MADE_UP = "-- Made up by the demo: this never ran, and nothing was delivered.\n"
LINE = "Made up by the demo, for its charts: nothing was run or delivered."
NO_ANSWER = "Made up by the demo: the server did not answer within 60 seconds."
AGAIN = "Such trouble passes by itself. The next run went well."


class Run(NamedTuple):
    query: Query
    at: datetime
    rows: int | None  # None: it failed


def each_day(query: Query, rows: int, now: datetime, *, failed=(), **at: int) -> list[Run]:
    """Return a run for each of the days before today, with a few rows more from day to day."""
    day = now.replace(**{"hour": 0, "minute": 0, "second": 0, "microsecond": 0} | at)
    return [
        Run(query, day - timedelta(days=back), None if back in failed else wavering(rows, back))
        for back in range(1, DAYS)
    ]


def wavering(rows, back):
    """Return a number of rows as it may have been so many days ago."""
    return max(1, rows - rows * back // 200 + (back * 37 % 11 - 5) * rows // 500)


def lasted(at):
    """Return for how many milliseconds a run of the day may have lasted."""
    return 700 + at.toordinal() * 37 % 11 * 90


@transaction.atomic
def make_up(runs: list[Run]) -> list[Job]:
    """Make jobs of the runs, the oldest first, as lists have them."""
    jobs = Job.objects.bulk_create([job_of(run) for run in sorted(runs, key=lambda run: run.at)])
    for job in jobs:
        job.created_at = job.started_at
    Job.objects.bulk_update(jobs, ["created_at"], batch_size=100)
    JobLine.objects.bulk_create([JobLine(job=job, text=LINE) for job in jobs])
    return jobs


def job_of(run):
    failed = run.rows is None
    query = run.query
    return Job(
        name=query.name,
        query=query,
        database=query.database.name,
        engine=query.engine,
        sql=MADE_UP + query.sql,
        owner=query.owner,
        status=Job.Status.ERROR if failed else Job.Status.SUCCESS,
        phase=Job.Phase.DONE,
        attempt=1,
        started_at=run.at,
        ended_at=run.at + timedelta(milliseconds=60_000 if failed else lasted(run.at)),
        rows=run.rows,
        error=NO_ANSWER if failed else "",
        remedy=AGAIN if failed else "",
        failure=Job.Failure.PASSING if failed else "",
    )
