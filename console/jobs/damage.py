"""Files on this server that were damaged: told in a sentence. A result is not used again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.engines import QueryError
from console.engines.differences import Prior
from console.jobs.ending import JobError
from console.jobs.lease import Lease
from integrations.rows import Rows


@contextmanager
def damage_told(rows: Rows, lease: Lease) -> Iterator[None]:
    """Raise JobError for what fails because the rows cannot be read, and forget them."""
    try:
        yield
    except (OSError, ValueError, QueryError) as error:  # Arrow raises the first two.
        if is_sound(rows):
            raise
        lease.own().update(result_path="")
        raise JobError(
            f"The file of the result of job {lease.job.pk} is damaged. Nothing was sent.",
            remedy=f"{way_out(lease.job)} If it happens again, ask an administrator to look at the "
            "disk of this server.",
        ) from error


def way_out(job):
    if job.resend_of_id:
        return f"Send the rejected rows of job {job.resend_of_id} again."
    return "Retry the job: its query is run again."


@contextmanager
def damage_before_told(prior: Prior) -> Iterator[None]:
    """Raise JobError for what fails because what was delivered before cannot be read."""
    try:
        yield
    except QueryError as error:
        if all(is_sound(Rows(Path(path))) for path in prior.files()):
            raise
        raise JobError(
            "The file of what was delivered before is damaged, so it is not known what has "
            "changed. Nothing was sent.",
            remedy="Ask an administrator to bring the file back from a backup. Or save the export "
            "with all rows in each run, and then again with only what changed: its next run sends "
            "all rows as added.",
        ) from error


def is_sound(rows: Rows) -> bool:
    try:
        for _ in rows.portions(dictionaries=True):
            pass
    except (OSError, ValueError):
        return False
    return True
