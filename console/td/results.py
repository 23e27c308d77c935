"""A job's result as td shows it, or writes it to a file."""

import gzip
import json
import math
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

import msgpack

from console.jobs.results import text_of, values
from console.td.errors import Refused
from console.td.rendering import table, vertical
from integrations.rows import Rows

TEXTS = ("tsv", "csv", "json")
FORMATS = (*TEXTS, "msgpack", "msgpack.gz")


def check_formats(asked):
    """Refuse options that do not go together, in the words of the original."""
    if asked.output is None and asked.format and asked.format not in TEXTS:
        raise Refused("Supported formats are only tsv, csv and json without --output option")
    if asked.column_header and asked.format not in TEXTS:
        raise Refused(
            "Option -c / --column-header is only supported with json, tsv and csv formats"
        )
    if asked.limit is not None and asked.limit < 1:
        raise Refused("Invalid limit number. Must be a positive integer")


def show(rows: Rows, asked, out) -> None:
    """Print the result as asked, or write it to the file that was named."""
    if asked.output:
        form = asked.format or "tsv"
        write_file(rows, asked, form)
        out.write(f"written to {asked.output} in {form} format\n")
    elif asked.format:
        for chunk in WRITERS[asked.format](Selection(rows, asked.limit), asked):
            out.data(chunk.decode())
        out.write("\n" if asked.format == "json" else "")
    else:
        draw = vertical if asked.vertical else table
        cells = Cells(Selection(rows, asked.limit), asked.null)
        for line in draw(rows.columns, cells):
            out.write(line + "\n")


def write_file(rows, asked, form):
    """Write to a temporary file, and rename it once it is whole."""
    path = Path(asked.output)
    draft = path.with_name(path.name + ".tmp")
    try:
        with opened(draft, form) as file:
            for chunk in WRITERS[form](Selection(rows), asked):
                file.write(chunk)
        draft.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)


def opened(path, form):
    return gzip.open(path, "wb") if form == "msgpack.gz" else path.open("wb")


class Selection:
    """The first rows of a result, or all, as lists of Python values; they can be read again."""

    def __init__(self, rows: Rows, limit: int | None = None):
        self.columns, self.rows, self.limit = rows.columns, rows, limit

    def __iter__(self) -> Iterator[list]:
        batches = self.rows.portions()
        found = (row for batch in batches for row in zip(*map(values, batch.columns), strict=True))
        return ([plain(value) for value in row] for row in islice(found, self.limit))


class Cells:
    """The rows of a selection as texts."""

    def __init__(self, selection, null):
        self.selection, self.null = selection, null

    def __iter__(self):
        return ([dumped(value, self.null) for value in row] for row in self.selection)


def plain(value):
    """Return a value that JSON has, as Treasure Data's API gives it."""
    if isinstance(value, date | datetime | Decimal | bytes):
        return text_of(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def dumped(value, null=None):
    if value is None and null is not None:
        return null
    return value if isinstance(value, str) else compact(value)


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=text_of)


def tsv(selection, asked):
    if asked.column_header:
        yield ("\t".join(selection.columns) + "\n").encode()
    for row in Cells(selection, asked.null):
        yield ("\t".join(row) + "\n").encode()


def comma_separated(selection, asked):
    if asked.column_header:
        yield (",".join(map(quoted, selection.columns)) + "\n").encode()
    for row in Cells(selection, asked.null):
        yield (",".join(map(quoted, row)) + "\n").encode()


def quoted(cell):
    """Quote as Ruby's CSV does: empty texts and leading blanks too."""
    if cell and not re.search(r'\A\s|[\r\n,"]', cell):
        return cell
    return '"' + cell.replace('"', '""') + '"'


def json_rows(selection, asked):
    yield b"["
    for index, row in enumerate(selection):
        value = dict(zip(selection.columns, row, strict=True)) if asked.column_header else row
        yield (",\n" if index else "").encode() + compact(value).encode()
    yield b"]"


def packed(selection, asked):
    for row in selection:
        yield msgpack.packb(row)


WRITERS = {
    "tsv": tsv,
    "csv": comma_separated,
    "json": json_rows,
    "msgpack": packed,
    "msgpack.gz": packed,
}
