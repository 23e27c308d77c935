"""How a job comes to be: one row, and one message to the workers, in one transaction."""

import os
from datetime import datetime, timedelta
from shutil import copyfile

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from django_q.tasks import async_task

from console.engines.differences import samples_of
from console.jobs.journal import inherit
from console.jobs.log import write
from console.jobs.results import changes_of, snapshot_of
from console.models import Job, Query, Schedule
from integrations.models import Authentication

TOLD = 50  # messages to workers for jobs that are made at once
TWICE = timedelta(seconds=60)  # within which the same job, not done yet, is not meant twice
DOUBLE_CLICK = timedelta(seconds=1)  # within which it is not, whatever became of it
SAME = ("sql", "database", "engine", "authentication_id", "export", "changes", "builds")
COPIED = ("name", "query", "query_version", "database", "engine", "sql", "owner")
COPIED += ("authentication", "export", "changes", "builds", "priority", "slot", "timezone")
COPIED += ("about", "attempts_allowed")
CHANGED = ("changes_path", "compared")


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
        in_turn=schedule is not None and schedule.overlap == Schedule.Overlap.QUEUE,
        attempts_allowed=attempts,
        priority=priority,
        builds=builds,
        about=about,
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
    recent = by_hand.filter(created_at__gt=now - TWICE).order_by("-pk")
    for each in recent:
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


def retry(job: Job, by: User) -> Job:
    """Make a job that does the same. A result that is still there is exported, not made again."""
    with transaction.atomic():
        again = sent(copy_of(job, by))
        write(again, f"Job {job.pk} again, started by {by.username}.")
        if job.export is not None and reused(job, again):
            write(again, f"The result of job {job.pk} is used: only the export is repeated.")
    return again


def retry_once(job: Job, by: User) -> tuple[Job, bool]:
    """Retry a job unless a retry of it is not done: somebody clicked twice, or sent a form again.

    Return the retry, and whether it is new.
    """
    with transaction.atomic():
        Job.objects.select_for_update().get(pk=job.pk)  # The second click waits here.
        going = job.retries.exclude(status__in=Job.FINISHED).order_by("pk").last()
        return (going, False) if going else (retry(job, by), True)


def copy_of(job, by):
    again = Job(retry_of=job, started_by=by, **{field: getattr(job, field) for field in COPIED})
    if job.query and (job.builds or (job.query.place and not kept(job))):
        # Tables are made as they are to be now, and read as they are now.
        again.sql, again.builds = job.query.sql, job.query.builds
        again.query_version = job.query.version
    return again


def kept(job):
    """Return whether there still is a result to export again."""
    path = job.export is not None and job.result_path
    return bool(path) and (settings.RESULTS_DIR / path).is_file()


def reused(job, again):
    """Give a job the result of another, if that is there still. Each is deleted on its own."""
    if not job.result_path:
        return False
    path = snapshot_of(again)
    path.parent.mkdir(parents=True, exist_ok=True)
    # One of a job that was rolled back can be a link: writing to it would change another result.
    path.unlink(missing_ok=True)
    try:
        link(settings.RESULTS_DIR / job.result_path, path)
    except FileNotFoundError:
        return False
    again.result_path = str(path.relative_to(settings.RESULTS_DIR))
    again.result_columns, again.rows = job.result_columns, job.rows
    again.result_bytes, again.released_by = job.result_bytes, job.released_by
    fields = ["result_path", "result_columns", "rows", "result_bytes", "released_by"]
    again.save(update_fields=fields)
    same = job.changes is None or changes_reused(job, again)
    if same and job.status != Job.Status.SUCCESS:
        inherit(again, job)
    return True


def changes_reused(job, again):
    """Give a job what another one sent of its result. Return whether that is there.

    What was sent once is sent the same again; what never was is compared anew where it is to be.
    """
    if not job.changes_path:
        return False
    source, path = settings.RESULTS_DIR / job.changes_path, changes_of(again)
    for old, new in ((source, path), (samples_of(source), samples_of(path))):
        new.unlink(missing_ok=True)
        try:
            link(old, new)
        except FileNotFoundError:
            return False
    again.changes_path = str(path.relative_to(settings.RESULTS_DIR))
    again.compared = job.compared | {"fixed": bool(job.compared.get("begun"))}
    again.save(update_fields=CHANGED)
    return True


def link(source, path):
    try:
        os.link(source, path)
    except FileNotFoundError:
        raise
    except OSError:  # A file system without links.
        copyfile(source, path)


def sent(job):
    with transaction.atomic():
        job.save(force_insert=True)
        wake_worker(job.pk)
    return job


def wake_worker(job_id):
    """Tell the workers of a job. The message is in the same database: no job without it."""
    async_task("console.jobs.take_turn", job_id, task_name=f"job {job_id}")
