"""The first half of a job: its SQL becomes a snapshot of the result, kept as Parquet."""

from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from console import tables
from console.jobs.lease import Lease
from console.jobs.log import write
from console.jobs.phases import enter, phase
from console.jobs.results import snapshot_of
from console.jobs.retrying import first_of
from console.jobs.testing import told_as_added
from console.models import Job


def query(job: Job, lease: Lease, seconds: dict) -> None:
    """Make the snapshot, unless an earlier attempt did."""
    if job.result_path and Path(settings.RESULTS_DIR, job.result_path).is_file():
        write(job, "The result is there already: the query is not run again.")
        return
    with phase(lease, Job.Phase.QUERYING, seconds):
        result, path = execute(job, lease)
    job.result_path = str(path.relative_to(settings.RESULTS_DIR))
    job.result_columns, job.rows = result.columns, result.rows
    job.result_bytes = result.bytes
    job.released_by = None  # If somebody released a result, it was another one.
    job.changes_path, job.compared = "", None  # Nor was it this one that was compared.
    fields = ("result_path", "result_columns", "rows", "result_bytes", "released_by")
    fields += ("changes_path", "compared")
    enter(lease, Job.Phase.WRITING)
    lease.own().update(**{field: getattr(job, field) for field in fields})
    write(job, f"The query finished: {result.rows:,} row{'' if result.rows == 1 else 's'}.")


def execute(job, lease):
    """Run the SQL into the file of this attempt: the row of the job says which one counts."""
    path = snapshot_of(job)
    path.parent.mkdir(parents=True, exist_ok=True)
    result = statement_of(job)(
        database=job.database,
        owner=job.owner,
        engine=job.engine,
        output=path,
        scheduled_time=slot_of(job),
        timezone=job.timezone,
        stopped=lease.stopped,
        progress=lambda share: setattr(lease, "progress", share),
    )
    return (told_as_added(job, result, path) if job.test else result), path


def statement_of(job):
    """Return what runs the SQL: of a test for its first rows alone."""
    if job.builds:
        return partial(tables.build, job.builds)
    return partial(tables.execute, job.text, most=job.test["rows"] if job.test else None)


def slot_of(job: Job) -> datetime:
    """Return the time a job is of, in the zone of its schedule: the slot, or when it was made."""
    return (job.slot or first_of(job).created_at).astimezone(ZoneInfo(job.timezone))
