"""Rows as delimited text, a block of whole lines at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, islice

import pyarrow as pa
import pyarrow.compute as pc

from integrations.formats.blocks import block, is_repeated_text
from integrations.formats.dialect import Dialect, dialect_of
from integrations.formats.kernel.loading import writer_for
from integrations.formats.quoting import TEXT, written
from integrations.rows import BATCH_ROWS, Rows

BLOCK_BYTES = 4 << 20
PROBE_ROWS = 32
FIRST_PIECES = 2  # for a preview, which reads no further and needs no kernel
THREADS = 2  # Arrow and the kernel work outside of Python's lock.


def write_rows(rows: Rows, settings: dict) -> Iterator[bytes]:
    """Yield the rows as bytes of a file, in blocks of whole lines."""
    dialect = dialect_of(settings)
    if dialect.header:
        yield header(rows.columns, dialect)
    batches = rows.batches(batch_rows(rows), dictionaries=True)
    todo = chain.from_iterable(map(pieces, batches))
    yield from ahead(partial(block, dialect=dialect), islice(todo, FIRST_PIECES))
    yield from ahead(writer_for(dialect, rows.count * len(rows.columns)), todo)


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
    if batch.num_rows > 1 and is_large(batch):
        half = batch.num_rows // 2
        yield from pieces(batch.slice(0, half))
        yield from pieces(batch.slice(half))
    elif batch.num_rows:
        yield batch


def is_large(batch: pa.RecordBatch) -> bool:
    """Return whether the values are too many bytes; they are counted only if they may be."""
    return all(sum(map(size, batch.columns)) > BLOCK_BYTES for size in (most_of, size_of))


def most_of(column: pa.Array) -> int:
    """Return no less than the bytes of the values, without a look at each."""
    if not is_repeated_text(column):
        return column.nbytes
    return len(column) * (pc.max(pc.binary_length(column.dictionary)).as_py() or 0)


def size_of(column: pa.Array) -> int:
    """Return the bytes of the values, those of a dictionary as often as they are meant."""
    if not is_repeated_text(column):
        return column.nbytes
    return pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0


def header(names: list[str], dialect: Dialect) -> bytes:
    """Return the line of the names, which are quoted like values."""
    cells = written(pa.array(names, TEXT), dialect)
    return (dialect.delimiter.join(cells.to_pylist()) + dialect.newline).encode()
