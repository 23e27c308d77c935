"""Jobs that do again what another did, with its result where that is still there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from shutil import copyfile

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from console.engines.differences import samples_of
from console.jobs.journal import inherit
from console.jobs.log import write
from console.jobs.results import NoResult, changes_of, check_rejects, snapshot_of
from console.jobs.submission import new_job, sent
from console.models import Job

COPIED = ("name", "query", "query_version", "database", "engine", "sql", "owner")
COPIED += ("authentication", "export", "changes", "builds", "priority", "slot", "timezone")
COPIED += ("about", "attempts_allowed", "resend_of", "test")
CHANGED = ("changes_path", "compared")
OF_NOW = "There is no result of job {} to use: it runs as it is set up by now."
GONE = "This was delivered, and its rows are not kept any more. Run it as it is set up by now?"
UNKNOWN = "Job {} may have delivered some of its rows, and which ones is not kept any more."
ASKED = f"{UNKNOWN} Run its query again and send all of them?"
TEST_ANEW = "Its rows are not kept. Test once more on the page of the activation."
NOT_DONE = f"{UNKNOWN} To run its query again and send all of them, retry that job."


def retry(job: Job, by: User, *, in_turn: bool = False) -> Job:
    """Make a job that does the same. A result that is still there is exported, not made again.

    In turn, it waits for those of its query before it that are.
    NoResult: it sends rejects of another job, or tests an activation, and has no rows any more.
    """
    check_rejects(job)
    check_test(job)
    with transaction.atomic():
        of_now = is_of_now(job)
        again = (anew if of_now else copy_of)(job, by)
        again.in_turn = in_turn
        sent(again)
        write(again, f"Job {job.pk} again, started by {by.username}.")
        if job.export is None:
            return again
        if of_now:
            write(again, OF_NOW.format(job.pk))
        elif reused(job, again):
            write(again, f"The result of job {job.pk} is used: only the export is repeated.")
    return again


def retry_once(job: Job, by: User, *, once_more: bool = False) -> tuple[Job, bool]:
    """Retry a job, unless that is under way or done: rows must not be delivered a second time.

    Return the job that does it, and whether it is new. NoResult: as retry() says; or somebody has
    to say first that all rows are to be sent, as nobody knows which of them are there.
    """
    with one_at_a_time(job):
        last = last_of(job)
        if not last.finished and last != job:
            return last, False
        if is_unknown(last) and not once_more:
            raise NoResult(NOT_DONE.format(last.pk))
        if last.status != Job.Status.SUCCESS:
            return retry(last, by), True  # It knows what the jobs before it have delivered.
        if job.status != Job.Status.SUCCESS:
            return last, False
        return retry(job, by), True  # Somebody wants all of it once more.


def question(job: Job) -> str:
    """Return what to ask before the job is retried where that sends other rows, or nothing."""
    # Lists ask for each of their jobs: of most it is known without another look.
    if is_unknown(job) and is_unknown(last := last_of(job)):
        return ASKED.format(last.pk)
    delivered = job.status == Job.Status.SUCCESS and job.export is not None
    return GONE if delivered and is_of_now(job) else ""


def is_unknown(job):
    """Return whether a job sent some of its rows, and nothing tells any more which."""
    # What is sent of changes alone is found out anew, and says so.
    alone = job.resend_of_id or job.changes is not None
    return job.may_be_in_part and not alone and not kept(job)


@contextmanager
def one_at_a_time(job: Job) -> Iterator[None]:
    """Let nobody else have a job, or a retry of it, done again meanwhile: a second click waits."""
    with transaction.atomic():
        # Those that send rejects again have the place of their job as well.
        Job.objects.select_for_update().get(pk=job.origin.pk)
        yield


def first_of(job: Job) -> Job:
    """Return the job that was retried, and retried again, as this one.

    Rejects that are sent again are rows of their own: their names must not be those of the others.
    """
    while job.retry_of and job.retry_of.resend_of_id == job.resend_of_id:
        job = job.retry_of
    return job


def last_of(job: Job) -> Job:
    """Return the last retry of the last retry of a job; itself where there is none."""
    while again := job.retries.filter(resend_of=job.resend_of_id).order_by("pk").last():
        job = again
    return job


def chain_of(job: Job) -> set[int]:
    """Return the jobs that were retried as each other, the job among them."""
    found, new = set(), {first_of(job).pk}
    while new:
        found |= new
        again = Job.objects.filter(retry_of__in=new, resend_of=job.resend_of_id)
        new = set(again.values_list("pk", flat=True)) - found
    return found


def copy_of(job, by):
    return Job(retry_of=job, started_by=by, **{field: getattr(job, field) for field in COPIED})


def is_of_now(job):
    """Return whether a retry is to do what the query is by now.

    Tables are made as they are to be, and read as they are. Columns of now go where they go now.
    """
    return bool(job.query and (job.builds or (job.query.place and not kept(job))))


def check_test(job):
    """Raise NoResult where the SQL of a test was made for tables that may be others by now."""
    if job.test and job.about and not kept(job):
        raise NoResult(TEST_ANEW)


def anew(job, by):
    again = new_job(job.query, slot=job.slot, by=by)
    again.retry_of = job
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
        again.sent_bytes = job.sent_bytes
        again.save(update_fields=["sent_bytes"])
    return True


def changes_reused(job, again):
    """Give a job what another one sent of its result. Return whether that is there.

    What was sent once is sent the same again; what never was is compared anew where it is to be.
    """
    if not job.changes_path:
        return False
    source, path = settings.RESULTS_DIR / job.changes_path, changes_of(again)
    for each in (path, samples_of(path)):
        each.unlink(missing_ok=True)
    try:
        link(source, path)
    except FileNotFoundError:
        return False
    with suppress(FileNotFoundError):  # There are none of rejects: samples are for people alone.
        link(samples_of(source), samples_of(path))
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
