"""Rows as delimited text, a block of whole lines at a time."""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice

import pyarrow as pa

from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect, dialect_of
from integrations.formats.kernel.loading import writer_for
from integrations.formats.quoting import TEXT, written
from integrations.rows import Rows
from integrations.rows.ahead import ahead

FIRST_PORTIONS = 1  # for a preview, which reads no further and needs no kernel


def write_rows(rows: Rows, settings: dict) -> Iterator[bytes]:
    """Yield the rows as bytes of a file, in blocks of whole lines."""
    dialect = dialect_of(settings)
    if dialect.header:
        yield header(rows.columns, dialect)
    with closing(rows.portions(dictionaries=True)) as portions:
        for portion in islice(portions, FIRST_PORTIONS):
            yield block(portion, dialect)
        yield from ahead(writer_for(dialect, rows.count * len(rows.columns)), portions)


def header(names: list[str], dialect: Dialect) -> bytes:
    """Return the line of the names, which are quoted like values."""
    cells = written(pa.array(names, TEXT), dialect)
    return (dialect.delimiter.join(cells.to_pylist()) + dialect.newline).encode()
