"""What a job that did not succeed may have delivered all the same, in words."""

from console.jobs.changes.words import total
from console.jobs.journal import FileJournal
from console.models import Job

MOVED = (
    "What was delivered before it ended went to the account that the authentication led to then. "
    "By now that leads to another one: Retry sends all rows there."
)
UNKNOWN = "Some of the rows may have been delivered before it ended; the log tells of them."


def so_far(job: Job) -> str:
    """Return what is known of it; nothing where no row can have arrived."""
    if not job.may_be_in_part:
        return ""
    journal, connector = FileJournal(job), job.authentication.connector({}, job.export)
    if journal.of_another_account():
        return MOVED if job.authentication.readable else UNKNOWN
    return connector.so_far(journal.read(), rows_to_send(job)) or UNKNOWN


def rows_to_send(job):
    return total(job.compared) if job.changes is not None and job.compared else job.rows
