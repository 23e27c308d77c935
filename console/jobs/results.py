"""The result of a job, read from its snapshot: to show, to download, to export."""

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from console.models import Job
from integrations.errors import PermanentError
from integrations.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

OUT_OF_RANGE = "<value out of range>"
MOST_CELLS = 20_000  # of a grid: a page with more keeps the server busy
LONGEST_CELL = 1_000  # characters


class NoResult(Exception):
    """A job has no result, or not any more."""


def snapshot_of(job: Job) -> Path:
    """Return where a claim of the job keeps its result. Another claim never writes to that file."""
    return Path(settings.RESULTS_DIR, str(job.pk), f"rows-{job.worker or 0}.parquet")


def changes_of(job: Job) -> Path:
    """Return where a claim of the job keeps what it sends, where that is not its whole result."""
    path = snapshot_of(job)
    return path.with_name(path.name.replace("rows-", "changes-", 1))


def sent_path(job: Job) -> str:
    """Return the file of what a job sends: its result, or of that what changed."""
    return job.changes_path or job.result_path


def sent_rows_of(job: Job) -> Rows:
    """Return the rows that a job sends. Raise NoResult where there are none to read any more."""
    rows = rows_of(job)
    if job.changes is None:
        return rows
    path = Path(settings.RESULTS_DIR, job.changes_path)
    if not job.changes_path or not path.is_file():
        raise NoResult(f"What job {job.pk} sent of its result is not kept any more.")
    return Rows(path)


def check_rejects(job: Job) -> None:
    """Raise NoResult where a job that sends rejects has them no more: its query has other rows."""
    if job.resend_of_id is None:
        return
    try:
        sent_rows_of(job)
    except NoResult:
        raise NoResult(
            f"The rejected rows that job {job.pk} was to send are not kept any more. Nothing is "
            "sent, for its query would send all rows."
        ) from None


def rows_of(job: Job) -> Rows:
    """Return the rows of a job. Raise NoResult where there are none to read."""
    if not job.result_path:
        raise NoResult(f"Job {job.pk} has no result.")
    path = Path(settings.RESULTS_DIR, job.result_path)
    if not path.is_file():
        raise NoResult(f"The result of job {job.pk} was deleted. Run the query again to see it.")
    return Rows(path)


def grid(job: Job, limit: int = 200) -> tuple[list, list[list[str | None]]]:
    """Return the [name, type] columns, and the first rows as texts; None stands for NULL."""
    rows = rows_of(job)
    limit = min(limit, max(1, MOST_CELLS // max(1, len(job.result_columns))))
    return job.result_columns, list(islice(texts(rows), limit))


def texts(rows: Rows) -> Iterator[list[str | None]]:
    """Yield each row as the texts that a person reads, of long ones the beginning."""
    for batch in rows.portions():
        columns = [[shown(value) for value in values(column)] for column in batch.columns]
        yield from map(list, zip(*columns, strict=True))


def shown(value) -> str | None:
    """Return what a cell shows: of a long text the beginning, and how long it is."""
    text = text_of(value)
    if text is None or len(text) <= LONGEST_CELL:
        return text
    return f"{text[:LONGEST_CELL]}… ({len(text):,} characters)"


def csv_lines(job: Job) -> Iterator[bytes]:
    """Yield all rows as CSV, as many at a time as fit well in memory, the names first."""
    rows = rows_of(job)
    yield csv_of([rows.columns])
    for batch in rows.portions():
        columns = [[text_of(value) for value in values(column)] for column in batch.columns]
        yield csv_of(zip(*columns, strict=True))


def csv_of(rows):
    page = StringIO()
    csv.writer(page).writerows(rows)
    return page.getvalue().encode()


def values(column: "pa.Array") -> list:
    """Return Python values; what Python has not, nanoseconds and the year 26611, as texts."""
    try:
        return column.to_pylist()
    except (OverflowError, ValueError):
        return inner_texts(column) if column.type.num_fields else cast(column)


def cast(column):
    return column.cast("string").to_pylist()


def inner_texts(column):
    from integrations.formats.text import text_of as written  # It loads Arrow.

    try:
        return written(column).to_pylist()
    except PermanentError:
        return [OUT_OF_RANGE if there else None for there in column.is_valid().to_pylist()]


def text_of(value) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case bytes():
            return value.hex(" ")
        case datetime():
            return value.isoformat(" ", "milliseconds")
        case Decimal():
            return f"{value:f}"
        case list() | dict() | tuple():
            return json.dumps(value, ensure_ascii=False, default=text_of)
    return value.isoformat() if isinstance(value, date) else str(value)
