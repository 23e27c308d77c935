"""Rows as delimited text, a block of whole lines at a time, column by column."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from integrations.formats.dialect import Dialect, dialect_of
from integrations.formats.quoting import TEXT, data_of, join, written
from integrations.formats.text import text_of
from integrations.rows import BATCH_ROWS, Rows

BLOCK_BYTES = 4 << 20
PROBE_ROWS = 32
THREADS = 2  # Arrow works outside of Python's lock.


def write_rows(rows: Rows, settings: dict) -> Iterator[bytes]:
    """Yield the rows as bytes of a file, in blocks of whole lines."""
    dialect = dialect_of(settings)
    if dialect.header:
        yield header(rows.columns, dialect)
    batches = rows.batches(batch_rows(rows), dictionaries=True)
    yield from ahead(lambda piece: block(piece, dialect), chain.from_iterable(map(pieces, batches)))


def ahead(work: Callable, items: Iterable) -> Iterator:
    """Yield the work on each item in order, done in threads a few items ahead of the reader."""
    with ThreadPoolExecutor(THREADS, "format") as pool:
        pending = deque()
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > THREADS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def batch_rows(rows: Rows) -> int:
    """Return how many rows to read at a time: fewer where they are wide."""
    probe = next(rows.batches(PROBE_ROWS), None)
    if probe is None or not probe.num_rows:
        return BATCH_ROWS
    width = max(1, probe.nbytes // probe.num_rows)
    return max(1, min(BATCH_ROWS, BLOCK_BYTES // width))


def pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield the batch in slices of a size whose text fits well in memory."""
    if batch.num_rows > 1 and sum(map(size_of, batch.columns)) > BLOCK_BYTES:
        half = batch.num_rows // 2
        yield from pieces(batch.slice(0, half))
        yield from pieces(batch.slice(half))
    elif batch.num_rows:
        yield batch


def size_of(column: pa.Array) -> int:
    """Return the bytes of the values, those of a dictionary as often as they are meant."""
    if not is_repeated_text(column):
        return column.nbytes
    return pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0


def is_repeated_text(column: pa.Array) -> bool:
    return types.is_dictionary(column.type) and types.is_string(column.type.value_type)


def header(names: list[str], dialect: Dialect) -> bytes:
    """Return the line of the names, which are quoted like values."""
    cells = written(pa.array(names, TEXT), dialect)
    return (dialect.delimiter.join(cells.to_pylist()) + dialect.newline).encode()


def block(batch: pa.RecordBatch, dialect: Dialect) -> bytes:
    """Return the lines of the batch."""
    named = zip(batch.schema.names, batch.columns, strict=True)
    *cells, last = (cells_of(column, name, dialect) for name, column in named)
    last = join([last, dialect.newline], null=dialect.null)
    return data_of(join([*cells, last], dialect.delimiter, null=dialect.null))


def cells_of(column: pa.Array, name: str, dialect: Dialect) -> pa.Array:
    """Return the column as it stands in the file; values that repeat are written once."""
    if is_repeated_text(column) and len(column.dictionary) < len(column) // 2:
        once = written(text_of(column.dictionary, name), dialect)
        return once.take(column.indices)
    return written(text_of(column, name), dialect)
