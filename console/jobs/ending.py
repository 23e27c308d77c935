"""How a job ends: with success, killed, with an error that a person understands, or later."""

import random
import traceback
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.utils import timezone

from console.engines import QueryError
from console.jobs.lease import KILLED, TOO_LONG, Lease
from console.jobs.log import redacted, write
from console.models import Job
from integrations.errors import ExportError
from integrations.secrets import SecretUnreadable

FIRST_WAIT, LONGEST_WAIT = 30, 900  # seconds


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


FAULT = "The job failed because of a fault in the console."
FAULT_REMEDY = "Retry the job; if it fails again, show an administrator the details below."


def failure_of(error: BaseException) -> Failure:
    match error:
        case QueryError():
            return Failure(str(error), "", error.line, error.column)
        case ExportError() | JobError():
            return Failure(str(error), error.remedy)
        case SecretUnreadable():
            return Failure(str(error), "Ask an administrator to restore the encryption key.")
        case KeyboardInterrupt() | SystemExit():
            return Failure("The job was cut off before its end.", "Retry the job.")
    return Failure(FAULT, FAULT_REMEDY, traceback="".join(traceback.format_exception(error)))


def succeed(lease: Lease, **outcome) -> None:
    if end(lease, Job.Status.SUCCESS, phase=Job.Phase.DONE, progress=1, **outcome):
        write(lease.job, "The job succeeded.")


def fail(lease: Lease, error: BaseException) -> None:
    """End the job with an error, or put it back to try later where that can help."""
    job, failure = lease.job, failure_of(error)
    if getattr(error, "transient", False) and job.attempt < job.attempts_allowed:
        return postpone(lease, failure)
    fields = {
        name: redacted(job, value) if isinstance(value, str) else value
        for name, value in asdict(failure).items()
    }
    if end(lease, Job.Status.ERROR, **fields):
        write(job, " ".join(filter(None, (failure.error, failure.remedy))))
    return None


def postpone(lease: Lease, failure: Failure) -> None:
    job = lease.job
    wait = min(FIRST_WAIT * 2 ** (job.attempt - 1), LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311
    later = {"not_before": timezone.now() + timedelta(seconds=wait), "started_at": None}
    if end(lease, Job.Status.QUEUED, phase=Job.Phase.QUEUED, ended_at=None, **later):
        write(job, f"{failure.error} {failure.remedy}".strip())
        tries = f"attempt {job.attempt} of {job.attempts_allowed}"
        write(job, f"The job is tried again in {wait:.0f} seconds ({tries} failed).")


def stop(lease: Lease) -> None:
    """End a job that was asked to end, or leave it to the worker that has it now."""
    if lease.reason == KILLED:
        if end(lease, Job.Status.KILLED):
            write(lease.job, "The job was killed. Nothing more is sent.")
    elif lease.reason == TOO_LONG:
        fail(lease, JobError(
            "The job ran longer than this server allows, and was stopped.",
            remedy="Make the query or its result smaller, or ask an administrator for more time.",
        ))  # fmt: skip
    else:
        write(lease.job, "This worker lost contact with the database; the job goes on elsewhere.")


def end(lease: Lease, status, **fields) -> bool:
    """Write how the job ended, if it is still this worker's."""
    fields = {"ended_at": timezone.now(), "sent_bytes": lease.sent_bytes} | fields
    return bool(lease.own().update(status=status, worker="", lease_until=None, **fields))
