"""A query that runs every hour, one slot after the other."""

from datetime import UTC, datetime, timedelta
from itertools import count

from console import jobs
from console.models import Job, Query
from console.schedules import tick

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def slots_of(query):
    """Return a function that runs the query's next slot after noon with this SQL: the job."""
    hours = count(1)

    def run(sql):
        Query.objects.filter(pk=query.pk).update(sql=sql, export=query.export)
        assert tick(NOON + timedelta(hours=next(hours))) == 1
        job = Job.objects.latest("pk")
        jobs.run(job.pk)
        job.refresh_from_db()
        return job

    return run
