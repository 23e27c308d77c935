"""How a job ends: with success, killed, with an error that a person understands, or later."""

import logging
import random
import time
import traceback
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from console.engines import QueryError
from console.jobs.carrying import record
from console.jobs.following import make_due
from console.jobs.hopeless import pause_hopeless
from console.jobs.lease import KILLED, TOO_LONG, Lease
from console.jobs.log import redacted, write
from console.jobs.rerun import HALF_DONE_REMEDY, changes_a_table, used_up
from console.jobs.results import NoResult
from console.models import Job
from console.notifications import tell_end
from console.outages import OUTAGES, PAUSE
from integrations.errors import ExportError
from integrations.secrets import SecretUnreadable

FIRST_WAIT, LONGEST_WAIT = 30, 900  # seconds
JITTER = 0.2
logger = logging.getLogger(__name__)
ANY = Q()
PASSING, LASTING = Job.Failure.PASSING, Job.Failure.LASTING
LONGEST_OUTAGE = 600  # seconds in which it is tried to write how a job ended
KILLED_LINE = "The job was killed. Nothing more is sent."


class JobError(Exception):
    """A job cannot be done as it is: one sentence, and what to do about it."""

    def __init__(self, message, *, remedy=""):
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True)
class Failure:
    """Why a job did not succeed, in a person's words."""

    error: str
    remedy: str = ""
    error_line: int | None = None
    error_column: int | None = None
    traceback: str = ""
    failure: str = Job.Failure.FAULT


OUTAGE = "The console's own database could not be used in the middle of the job."
OUTAGE_REMEDY = (
    "Retry the job; if it fails again, tell an administrator its number: the page of the job has "
    "the details for them."
)
HALF_DONE = "It was changing a table then, so it is not run again by itself."
FAULT = "The job failed because of a fault in the console."
FAULT_REMEDY = OUTAGE_REMEDY


def failure_of(error: BaseException) -> Failure:
    match error:
        case QueryError():
            kind = LASTING if error.line else Job.Failure.FAULT
            return Failure(error.told, "", error.line, error.column, failure=kind)
        case ExportError():
            kind = PASSING if error.passing else LASTING
            return Failure(str(error), error.remedy, failure=kind)
        case JobError():
            return Failure(str(error), error.remedy, failure=LASTING)
        case NoResult():
            return Failure(str(error), failure=LASTING)
        case SecretUnreadable():
            remedy = "Ask an administrator to restore the encryption key."
            return Failure(str(error), remedy, failure=LASTING)
        case KeyboardInterrupt() | SystemExit():
            return Failure("The job was cut off before its end.", "Retry the job.")
    details = "".join(traceback.format_exception(error))
    if isinstance(error, OUTAGES):
        return Failure(OUTAGE, OUTAGE_REMEDY, traceback=details, failure=PASSING)
    return Failure(FAULT, FAULT_REMEDY, traceback=details)


def succeed(lease: Lease, receipt: dict | None) -> None:
    """End the job as done, with what it delivered."""
    files = receipt["files"] if receipt else ()
    delivered = [f"Delivered {file['path']} ({file['bytes']:,} bytes)." for file in files]
    if receipt and receipt["summary"]:
        delivered.append(receipt["summary"])
    done = {"phase": Job.Phase.DONE, "progress": 1, "receipt": receipt}
    end(lease, Job.Status.SUCCESS, *delivered, "The job succeeded.", **done)


def fail(lease: Lease, error: BaseException) -> None:
    """End the job with an error, or put it back to try later where that can help."""
    job, failure = lease.job, failure_of(error)
    if may_pass(job, error):
        return postpone(lease, failure)
    if isinstance(error, OUTAGES) and changes_a_table(job):
        failure = replace(failure, error=f"{OUTAGE} {HALF_DONE}", remedy=HALF_DONE_REMEDY)
    fields = {
        name: redacted(job, value) if isinstance(value, str) else value
        for name, value in asdict(failure).items()
    }
    said = str(error) if isinstance(error, QueryError) else failure.error
    line = " ".join(filter(None, (said, failure.remedy)))
    end(lease, Job.Status.ERROR, line, **fields)
    return None


def may_pass(job, error):
    """Return whether another attempt is allowed and can help."""
    if isinstance(error, OUTAGES):
        return not (changes_a_table(job) or used_up(job))
    return getattr(error, "transient", False) and job.attempt < job.attempts_allowed


def hold(lease: Lease, reason: str) -> None:
    """Put the job back until somebody releases or drops it, as an attempt that was none."""
    waiting = {"held_because": reason, "attempt": F("attempt") - 1, "started_at": None}
    put_back(lease, f"Held: {reason} Somebody has to release or drop it.", **waiting)


def wait_for_place(lease: Lease) -> None:
    """Put the job back until it may log in, as an attempt that was none."""
    waiting = {"attempt": F("attempt") - 1, "started_at": None}
    line = "The export waits: others with this authentication, or to this account, are running."
    put_back(lease, line, **waiting)


def skip(lease: Lease, reason: str) -> None:
    """End the job as one that is not run."""
    end(lease, Job.Status.SKIPPED, reason, error=reason)


def postpone(lease: Lease, failure: Failure) -> None:
    """Put the job back to try later."""
    job = lease.job
    wait = min(FIRST_WAIT * 2 ** (job.attempt - 1), LONGEST_WAIT)
    wait *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    later = {"not_before": Now() + timedelta(seconds=wait), "started_at": None}
    again = f"The job is tried again in {wait:.0f} seconds"
    if job.attempt < job.attempts_allowed:
        why = f"{failure.error} {failure.remedy}".strip()
        again += f" (attempt {job.attempt} of {job.attempts_allowed} failed)"
    else:
        why = failure.error
    put_back(lease, why, f"{again}.", **later)


def put_back(lease: Lease, *lines: str, **fields) -> None:
    """Queue the job again, unless somebody has asked meanwhile that it end."""
    fields |= {"phase": Job.Phase.QUEUED, "ended_at": None}
    wanted = Q(kill_requested_at=None)
    if not end(lease, Job.Status.QUEUED, *lines, only=wanted, **fields):
        end(lease, Job.Status.KILLED, KILLED_LINE)


def stop(lease: Lease) -> None:
    """End a job that was asked to end, or leave it to the worker that has it now."""
    if lease.reason == KILLED:
        end(lease, Job.Status.KILLED, KILLED_LINE)
    elif lease.reason == TOO_LONG:
        fail(lease, JobError(
            "The job ran longer than this server allows, and was stopped.",
            remedy="Make the query or its result smaller, or ask an administrator for more time.",
        ))  # fmt: skip
    else:
        write(lease.job, "This worker lost contact with the database; the job goes on elsewhere.")


def end(lease: Lease, status: str, *lines: str, only: Q = ANY, **fields) -> bool:
    """Write how the job ended and the last lines of its log, if it is still this worker's."""
    fields = {"ended_at": timezone.now(), "sent_bytes": lease.most_sent} | lease.outcome | fields
    given_up = time.monotonic() + LONGEST_OUTAGE
    while True:
        try:
            return settle(lease, only, lines, status=status, **fields)
        except OUTAGES:  # What was delivered must not be sent again because of such trouble.
            if time.monotonic() > given_up:
                raise
            connection.close()
            time.sleep(PAUSE)


def settle(lease, only, lines, **fields):
    with transaction.atomic():
        won = lease.own().filter(only).update(worker="", lease_until=None, **fields)
        for line in lines if won else ():
            write(lease.job, line)
        if won and fields["status"] == Job.Status.SUCCESS and lease.with_success:
            lease.with_success()
        if won and lease.delivery:
            record(lease.delivery)
        if won:
            follow(lease.job.pk)
    if won:
        logger.info("The job is now: %s.", fields["status"])
    return bool(won)


def follow(pk: int) -> None:
    """Do what follows from the end of a job, in the transaction that ends it."""
    whole = Job.objects.select_related("query", "schedule", "authentication")
    job = whole.get(pk=pk)
    for step in (make_due, tell_end, pause_and_say):
        attempt(step, job)


def attempt(step, job):
    """Do one thing. Trouble with it must not keep the job from ending: it would be run again."""
    try:
        with transaction.atomic():
            step(job)
    except OUTAGES:
        raise
    except Exception:
        logger.exception("%s of job %s could not be done.", step.__name__, job.pk)


def pause_and_say(job):
    if job.status == Job.Status.ERROR and pause_hopeless(job):
        write(job, f"The schedule was paused. {job.schedule.paused_because}")
