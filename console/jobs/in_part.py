"""What a job that did not succeed may have delivered all the same, in words."""

from console.jobs.journal import FileJournal
from console.models import Job

UNKNOWN = "Some of the rows may have been delivered before it ended; the log tells of them."


def so_far(job: Job) -> str:
    """Return what is known of it; nothing where no row can have arrived."""
    if not job.may_be_in_part:
        return ""
    connector = job.authentication.connector({}, job.export)
    return connector.so_far(FileJournal(job).read(), job.rows) or UNKNOWN
