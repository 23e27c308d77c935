"""Whether a job may be run again that the console itself, not its work, brought down."""

import re

from console.engines import QueryError, get_engine
from console.models import Job

SPARE_ATTEMPTS = 1  # beyond those allowed

# What changes a table has one of these words somewhere: most jobs need no parser.
WORDS = re.compile(r"\b(?:insert|create|drop)\b", re.IGNORECASE)
HALF_DONE_REMEDY = "Look whether the table has the change; if not, retry the job."


def changes_a_table(job: Job) -> bool:
    """Return whether the SQL does something that must not be done twice unasked."""
    if job.builds or not WORDS.search(job.sql):  # What is built is switched at once, and again.
        return False
    try:
        return get_engine(job.engine).kind(job.sql) != "select"
    except QueryError:
        return True


def used_up(job: Job) -> bool:
    """Return whether the job has had its attempts, the spare one included."""
    return job.attempt >= job.attempts_allowed + SPARE_ATTEMPTS
