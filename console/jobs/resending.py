"""Rejected rows that are sent again, alone: as they are, or as somebody has mended them."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from console.jobs.changes.sending import first_changed
from console.jobs.changes.wishes import Changes
from console.jobs.log import write
from console.jobs.rejects import OWN, rejects_of
from console.jobs.results import NoResult, changes_of, sent_rows_of, snapshot_of
from console.jobs.retrying import chain_of, copy_of, kept, link, one_at_a_time, retry
from console.jobs.submission import sent
from console.models import Job
from integrations.rows import Rows


class BrokeOff(Exception):
    """A job that sent rejects has delivered some of them, and is to be gone on with first."""

    def __init__(self, job: Job):
        super().__init__(f"Job {job.pk} has delivered some of these rows and failed: retry it.")


def can_resend(job: Job) -> bool:
    """Return whether the rejects can be sent by themselves, without replacing what was.

    Those of a test are not: its rows are there to see whether any arrive.
    """
    sent = job.status == Job.Status.SUCCESS or job.sent_bytes  # Else the others are not there.
    return bool(job.rejects_path and job.finished and sent and adds(job))


def adds(job: Job) -> bool:
    """Return whether to send the rejects alone replaces nothing that is there."""
    connector = connector_of(job)
    return bool(connector) and connector.adds() and not job.test


def replaced(job: Job) -> str:
    """Return what the rejects alone would take the place of as a whole, or nothing."""
    connector = connector_of(job)
    return connector.replaced() if connector else ""


def connector_of(job):
    return job.authentication and job.authentication.connector({}, export_of(job))


def export_of(job: Job) -> dict:
    """Return the export that rejects are sent with: the query's, as it is by now."""
    same = job.query and job.query.authentication_id == job.authentication_id
    return (job.query.export if same else None) or job.export


def resend_once(job: Job, by: User, *, once_more: bool = False, copy=None) -> tuple[Job, bool]:
    """Send the rejects of a job, unless that is under way, or done and not asked for once more.

    Return the job that does it, and whether it is new. `copy` writes them as a result, where that
    is not to have them as they are. BrokeOff: another job has delivered some of them.
    """
    with one_at_a_time(job):
        last = resends_of(job).last()
        if last and not last.finished:
            return last, False
        if last and goes_on(last, job):
            if copy:  # Its values are others: nobody can tell which of them are there.
                raise BrokeOff(last)
            return retry(last, by), True  # What of it was delivered is not sent again.
        if last and has_sent(last) and not once_more:
            return last, False
        return resend(job, by, copy), True


def resent_by(job: Job) -> Job | None:
    """Return the job that has sent rejects of a job again, or of one that did the same.

    One that broke off and can be gone on with is none: nothing is sent twice by that.
    """
    found = (each for each in resends_of(job).reverse() if has_sent(each))
    return next((each for each in found if not goes_on(each, job)), None)


def has_sent(again):
    """Return whether a job that sends rejects has delivered all of them, or some."""
    return again.status == Job.Status.SUCCESS or bool(again.finished and again.sent_bytes)


def goes_on(again, job):
    """Return whether a job that broke off sent rejects of this very job, and has them still."""
    broke_off = again.status != Job.Status.SUCCESS and has_sent(again)
    return broke_off and again.resend_of_id == job.pk and kept(again)


def resends_of(job):
    """Return what sends the rejects of a job or of its retries, which are mostly the same rows."""
    return Job.objects.filter(resend_of__in=chain_of(job)).order_by("pk")


def resend(job: Job, by: User, copy: Callable[[Rows, Path], int] | None = None) -> Job:
    """Make a job whose result is the rejects of another, with the query's export as it is now."""
    copy = copy or copied
    rows = rejects_of(job)
    if not adds(job):  # The export was changed since somebody saw that they can be sent.
        raise NoResult(f"The rejected rows of job {job.pk} cannot be sent by themselves.")
    with transaction.atomic():
        again = copy_of(job, by)
        again.resend_of = job
        again.export = export_of(job)
        again = sent(again)
        write(again, f"The rejected rows of job {job.pk} again, started by {by.username}.")
        path = snapshot_of(again)
        again.rows = copy(rows, path) if job.changes is None else changes_copied(job, again, rows)
        again.result_path = str(path.relative_to(settings.RESULTS_DIR))
        again.result_columns, again.result_bytes = columns_of(job), path.stat().st_size
        again.save(update_fields=["rows", "result_path", "result_columns", "result_bytes"])
    return again


def columns_of(job):
    """Return the columns of what was sent."""
    if job.changes is None or not (column := Changes.of(job.changes).told_in):
        return job.result_columns
    return [*job.result_columns[: job.compared["width"]], [column, "varchar"]]


def changes_copied(job, again, rows) -> int:
    """Write what was rejected of the changes of a job as it was to be sent, for another job."""
    found = (batch.column(0).to_pylist() for batch in rows.portions())
    numbers = sorted({number for each in found for number in each})
    path, sent = changes_of(again), sent_rows_of(job)
    picked(sent, numbers, path)
    link(path, snapshot_of(again))
    again.changes_path = str(path.relative_to(settings.RESULTS_DIR))
    again.compared = picked_of(job.compared, numbers, apart=Changes.of(job.changes).apart)
    again.save(update_fields=["changes_path", "compared"])
    return len(numbers)


def picked_of(compared, numbers, *, apart):
    """Return what a job is told of changes that are some of another's."""
    gone_from, changed = compared["gone_from"], first_changed(compared, apart=apart)
    added = sum(number < changed for number in numbers)
    there = sum(number < gone_from for number in numbers)
    few = {"added": added, "changed": there - added, "removed": len(numbers) - there}
    return compared | {"fixed": True, "basis": "", "sent": few, "gone_from": there}


def picked(rows, numbers, path):
    """Write the rows with these numbers, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = pa.array(numbers, "int64")
    # A column without NULL is declared so in a file, and not in what is read of it.
    schema = pa.schema([(field.name, field.type) for field in rows.schema])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for at, batch in rows.numbered():
            columns = batch.filter(pc.is_in(at, wanted)).columns
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def copied(rows, path) -> int:
    """Write the values of rejects as a result, and return how many rows that are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(list(rows.schema)[len(OWN) :])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in rows.portions():
            columns = batch.columns[len(OWN) :]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return rows.count
