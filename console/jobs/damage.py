"""Results whose file on this server was damaged: told in a sentence, and not used again."""

from collections.abc import Iterator
from contextlib import contextmanager

from console.jobs.ending import JobError
from console.jobs.lease import Lease
from integrations.rows import Rows


@contextmanager
def damage_told(rows: Rows, lease: Lease) -> Iterator[None]:
    """Raise JobError for what fails because the rows cannot be read, and forget them."""
    try:
        yield
    except (OSError, ValueError) as error:  # Arrow raises both.
        if is_sound(rows):
            raise
        lease.own().update(result_path="")
        raise JobError(
            f"The file of the result of job {lease.job.pk} is damaged. Nothing was sent.",
            remedy="Retry the job: its query is run again. If it happens again, ask an "
            "administrator to look at the disk of this server.",
        ) from error


def is_sound(rows: Rows) -> bool:
    try:
        for _ in rows.portions(dictionaries=True):
            pass
    except (OSError, ValueError):
        return False
    return True
