"""Rejected rows that somebody has mended in the file that the page offers: sent alone.

Cells that are as they were keep their values exactly; the others are read as their column's type.
"""

import csv
import json
import secrets
from datetime import time
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID

from django.contrib.auth.models import User

from console.jobs.failures import LARGEST, BadFile, one_break
from console.jobs.rejects import OWN, rejects_of
from console.jobs.resending import can_resend, resend_once
from console.jobs.results import text_of, values
from console.models import Job
from integrations.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = ("row", "reason")  # columns of the file before those of the result
DELIMITERS = ",;\t"  # spreadsheets of some countries write another one than they have read
Cells = dict[int, list[str]]  # number of a row, from 1 -> its texts


def can_mend(job: Job) -> bool:
    """Return whether mended rows can be sent. Changes have to be those of the result itself."""
    return can_resend(job) and job.changes is None


def send_mended(job: Job, file: BinaryIO, by: User, *, once_more: bool = False) -> tuple[Job, bool]:
    """Send the rejects that are in a mended file, with the values that they have there.

    Return the job that does it, and whether it is new. BadFile: the file does not fit the job.
    BrokeOff: another job has delivered some of them.
    """
    cells = cells_of(file, [*HEAD, *(name for name, _ in job.result_columns)])
    rows = rejects_of(job)
    check_numbers(rows, cells)
    made = rows.path.with_name(f"mended-{secrets.token_hex(8)}.parquet")
    try:
        count = write_mended(rows, made, cells, [kind for _, kind in job.result_columns])
        return resend_once(job, by, once_more=once_more, copy=partial(moved, made, count))
    finally:
        made.unlink(missing_ok=True)


def moved(made: Path, count: int, _rows: Rows, path: Path) -> int:
    """Give a job what was written before, without keeping the database waiting."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made.replace(path)
    return count


def cells_of(file: BinaryIO, head: list[str]) -> Cells:
    """Return the rows of the file."""
    csv.field_size_limit(LARGEST)
    try:
        return read(TextIOWrapper(file, "utf-8-sig", newline=""), head)
    except UnicodeDecodeError:
        raise BadFile("It is not a CSV file in UTF-8.") from None
    except csv.Error as error:
        raise BadFile(f"It is not a CSV file: {error}.") from None


def read(text, head) -> Cells:
    first = text.readline()
    text.seek(0)
    lines = csv.reader(text, delimiter=max(DELIMITERS, key=first.count), strict=True)
    if next(lines, []) != head:
        raise BadFile(f"Its first line has to be that of the download: {', '.join(head):.500}.")
    cells = {}
    for line in lines:
        if line:
            cells |= one_row(line, len(head), lines.line_num, cells)
    if not cells:
        raise BadFile("It has no rows.")
    return cells


def one_row(line, width, place, before) -> Cells:
    if len(line) != width:
        raise BadFile(f"Line {place} has {len(line)} columns in the place of {width}.")
    if not line[0].isascii() or not line[0].isdigit() or len(line[0]) > len(str(1 << 63)):
        raise BadFile(f"Line {place}: “{line[0]:.40}” is no number of a row.")
    if (number := int(line[0])) in before:
        raise BadFile(f"Line {place}: row {number:,} is there twice.")
    return {number: line[len(HEAD) :]}


def check_numbers(rows: Rows, cells: Cells) -> None:
    """Raise BadFile where a row of the file is none of the rejects."""
    strange = set(cells)
    for batch in rows.portions():
        strange -= {number + 1 for number in batch.column(0).to_pylist()}
    if strange:
        raise BadFile(f"Row {min(strange):,} is none of the rejected rows of this job.")


def write_mended(rows: Rows, path: Path, cells: Cells, kinds: list[str]) -> int:
    """Write the rejects that have cells as a result, and return how many rows that are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(list(rows.schema)[len(OWN) :])
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in rows.portions():
            numbers = [number + 1 for number in batch.column(0).to_pylist()]
            places = [place for place, number in enumerate(numbers) if number in cells]
            columns = batch.take(places).columns[len(OWN) :]
            mended = [
                mended_column(
                    column, [(numbers[place], cells[numbers[place]][at]) for place in places], about
                )
                for at, (column, *about) in enumerate(
                    zip(columns, schema.names, kinds, strict=True)
                )
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(mended, schema=schema))
            count += len(places)
    return count


def mended_column(column: "pa.Array", cells: list[tuple[int, str]], about) -> "pa.Array":
    """Return the column with the values of the cells that are not as they were."""
    import pyarrow as pa

    before = [one_break(text_of(value) or "") for value in values(column)]
    parts = [
        column.slice(at, 1) if one_break(text) == was else parsed(text, column.type, number, *about)
        for at, ((number, text), was) in enumerate(zip(cells, before, strict=True))
    ]
    return pa.concat_arrays(parts) if parts else column


def parsed(text, wanted, number, name, kind):
    """Return a text as a column of one value. An empty one is NULL."""
    import pyarrow as pa

    try:
        return column_of(text if kind == "varchar" else text.strip(), wanted)
    except (pa.ArrowException, ValueError, TypeError, AttributeError, RecursionError):
        raise BadFile(f"Row {number:,}, column {name}: “{text:.80}” is no {kind}.") from None


def column_of(text, wanted):
    """Return a text as a column of one value of the type."""
    import pyarrow as pa
    from pyarrow import types

    if isinstance(wanted, pa.UuidType):
        made = pa.array([UUID(text).bytes if text else None], wanted.storage_type)
        return pa.ExtensionArray.from_storage(wanted, made)
    if isinstance(wanted, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(wanted, column_of(text, wanted.storage_type))
    if not text:
        return pa.nulls(1, wanted)
    if types.is_map(wanted):
        return pa.array([list(json.loads(text).items())], wanted)
    if types.is_nested(wanted):
        return pa.array([json.loads(text)], wanted)
    if types.is_binary(wanted) or types.is_large_binary(wanted):
        return pa.array([bytes.fromhex(text)], wanted)
    if types.is_time(wanted):
        return pa.array([time.fromisoformat(text)], wanted)
    return pa.array([text]).cast(wanted)
