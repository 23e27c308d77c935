"""The first export, and whether the file that landed is the result."""

import csv
import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from console.jobs import submit_query
from console.jobs.results import rows_of
from console.models import Job
from console.quickstart import Refusal
from integrations.rows import reader

PATIENCE = 60  # seconds


class Landed(NamedTuple):
    """A file that was checked against its result."""

    path: Path
    rows: int
    sha256: str


def submit(query):
    """Make a job as a schedule that is due does: for the moment it is due."""
    slot = datetime.now(UTC).replace(microsecond=0)
    return submit_query(query, schedule=query.schedule, slot=slot)


def wait_for(job, watch):
    """Wait until the job has ended well. `watch` raises where nobody is left to run it."""
    deadline = time.monotonic() + PATIENCE
    reader()  # It takes a while to load, and the job takes longer.
    while not job.finished:
        if time.monotonic() > deadline:
            raise Refusal(f"{job} is not done after {PATIENCE} seconds. See {settings.HOME}/logs.")
        watch()
        time.sleep(0.05)
        job.refresh_from_db(fields=["status"])
    job.refresh_from_db()
    if job.status != Job.Status.SUCCESS:
        raise Refusal(f"{job} did not succeed: {job.error} {job.remedy}".strip())


def landed(job, root):
    """Return the file as it lies in the sandbox. Refuse one that is not the job's result."""
    [delivered] = job.receipt["files"]
    path = root / delivered["path"].lstrip("/")
    if not path.is_file():
        raise Refusal(f"{job} says that it wrote {delivered['path']}, but {path} is not there.")
    found = Landed(path, *measured(path, rows_of(job).columns))
    if (found.sha256, path.stat().st_size) != (delivered["sha256"], delivered["bytes"]):
        raise Refusal(f"{path} is not the file that {job} has a receipt for.")
    counts = {job.rows, rows_of(job).count, job.receipt["rows"]}
    if counts != {found.rows}:
        raise Refusal(f"{path} has {found.rows} rows, and the result of {job} has {max(counts)}.")
    return found


def measured(path, columns):
    """Return the number of rows and the SHA-256 of a CSV file that begins with the columns."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.reader(file, strict=True)
        if next(lines, None) != columns:
            raise Refusal(f"{path} does not begin with the columns {', '.join(columns)}.")
        rows = sum(1 for _ in lines)
    with path.open("rb") as file:
        return rows, hashlib.file_digest(file, "sha256").hexdigest()
