"""Whether a job may be run again that the console itself, not its work, brought down."""

import re

from console.models import Job

SPARE_ATTEMPTS = 1  # beyond those allowed

CHANGES = re.compile(
    r"(?:\s|--[^\n]*\n|/\*(?>.*?\*/))*+(?:insert|create|drop)\b", re.IGNORECASE | re.DOTALL
)
HALF_DONE_REMEDY = "Look whether the table has the change; if not, retry the job."


def changes_a_table(job: Job) -> bool:
    """Return whether the SQL does something that must not be done twice unasked."""
    return bool(CHANGES.match(job.sql))


def used_up(job: Job) -> bool:
    """Return whether the job has had its attempts, the spare one included."""
    return job.attempt >= job.attempts_allowed + SPARE_ATTEMPTS
