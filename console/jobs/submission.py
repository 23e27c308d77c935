"""How a job comes to be: one row, and one message to the workers, in one transaction."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from django_q.tasks import async_task

from console.jobs.log import write
from console.models import Job, Query, Schedule
from integrations.models import Authentication

TOLD = 50  # messages to workers for jobs that are made at once
TWICE = timedelta(seconds=60)  # within which the same job, not done yet, is not meant twice
DOUBLE_CLICK = timedelta(seconds=1)  # within which it is not, whatever became of it
AHEAD = timedelta(seconds=5)  # by which clocks of machines differ; more was a wrong clock
SAME = ("sql", "database", "engine", "authentication_id", "export", "changes", "builds", "test")


def submit(sql: str, **more) -> Job:
    """Make a job and tell the workers. IntegrityError: this slot has its job already.

    What there can be more is what made() takes.
    """
    return sent(made(sql, **more))


def made(  # noqa: PLR0913 - a job is all of this.
    sql: str,
    *,
    database: str,
    owner: User,
    engine: str = "trino",
    name: str = "",
    query: Query | None = None,
    authentication: Authentication | None = None,
    export: dict | None = None,
    changes: dict | None = None,
    by: User | None = None,
    schedule: Schedule | None = None,
    slot: datetime | None = None,
    attempts: int = 1,
    priority: int = 0,
    builds: dict[str, dict[str, str]] | None = None,
    about: dict | None = None,
    test: dict | None = None,
) -> Job:
    """Return a new job that is not in the database yet."""
    return Job(
        sql=sql,
        database=str(database),
        owner=owner,
        engine=engine,
        name=name,
        query=query,
        # Text that was edited and not saved is of no version.
        query_version=query.version if query and query.sql == sql else None,
        authentication=authentication,
        export=export,
        changes=changes if export is not None else None,
        started_by=by,
        schedule=schedule,
        slot=slot,
        timezone=zone_of(schedule, query),
        in_turn=schedule is not None and schedule.overlap != Schedule.Overlap.ALLOW,
        attempts_allowed=attempts,
        priority=priority,
        builds=builds,
        about=about,
        test=test,
    )


def zone_of(schedule, query):
    """Return the time zone of the schedule; by hand, that of the one the query has."""
    schedule = schedule or (query and query.schedule)
    return schedule.timezone if schedule else "UTC"


def submit_query(
    query: Query,
    *,
    by: User | None = None,
    schedule: Schedule | None = None,
    slot: datetime | None = None,
) -> Job:
    """Make a job of a saved query. It has the rights of the query's owner, whoever starts it."""
    with transaction.atomic():
        job = sent(new_job(query, schedule=schedule, slot=slot, by=by))
        told(job, by)
    return job


def submit_once(job: Job, *, by: User) -> tuple[Job, bool]:
    """Submit a new job by hand, unless the same one was just submitted: somebody clicked twice.

    Return the job, and whether it is new.
    """
    with transaction.atomic():
        # The second click waits here.
        if job.query:
            Query.objects.select_for_update().get(pk=job.query.pk)
        else:
            User.objects.select_for_update().get(pk=job.owner.pk)
        if twin := twin_of(job):
            return twin, False
        job.started_by = by
        told(sent(job), by)
    return job, True


def told(job, by):
    """Note who started a job that runs as somebody else."""
    if by and by != job.owner:
        write(job, f"Started by {by.username}.")


def twin_of(job):
    """Return a job that does the same for the same, where one click may have made both."""
    now = timezone.now()
    by_hand = Job.objects.filter(query=job.query, owner=job.owner, slot=None, retry_of=None)
    recent = by_hand.filter(created_at__gt=now - TWICE, created_at__lte=now + AHEAD)
    for each in recent.order_by("-pk"):
        under_way = not each.settled or each.created_at > now - DOUBLE_CLICK
        if under_way and all(getattr(each, name) == getattr(job, name) for name in SAME):
            return each
    return None


def submit_all(jobs: list[Job]) -> None:
    """Write new jobs at once, and tell workers: enough of them that all get going.

    IntegrityError: one of the slots has its job already. A worker that ends a job tells the next.
    """
    queued = [job for job in jobs if job.status == Job.Status.QUEUED]
    with transaction.atomic():
        if connection.features.can_return_rows_from_bulk_insert:
            Job.objects.bulk_create(jobs)
        else:
            for job in jobs:
                job.save(force_insert=True)
        for job in queued[:TOLD]:
            wake_worker(job.pk)


def as_skipped(job: Job, why: str) -> Job:
    """Let a new job be one that is not run, so that its slot stays as it is."""
    job.status, job.ended_at, job.error = Job.Status.SKIPPED, timezone.now(), why
    return job


def new_job(
    query: Query,
    *,
    schedule: Schedule | None = None,
    slot: datetime | None = None,
    by: User | None = None,
) -> Job:
    """Return a job of a saved query that is not in the database yet."""
    return made(
        query.sql,
        database=query.database.name,
        owner=query.owner,
        engine=query.engine,
        name=query.name,
        query=query,
        authentication=query.authentication,
        export=query.export,
        changes=query.changes,
        by=by,
        schedule=schedule,
        slot=slot,
        attempts=1 + query.retry_limit,
        priority=query.priority,
        builds=query.builds,
        about=query.about,
    )


def sent(job):
    with transaction.atomic():
        job.save(force_insert=True)
        wake_worker(job.pk)
    return job


def wake_worker(job_id):
    """Tell the workers of a job. The message is in the same database: no job without it."""
    async_task("console.jobs.take_turn", job_id, task_name=f"job {job_id}")
