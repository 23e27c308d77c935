"""Parquet, read by Arrow a batch at a time."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

PORTION_BYTES = 4 << 20
LARGE_GROUP = 64 << 20  # bytes; in a larger one a few rows can hold nearly all of them
FEW_ROWS = 16


def schema_of(path: Path) -> pa.Schema:
    return pq.read_schema(path)


def count_of(path: Path) -> int:
    return pq.read_metadata(path).num_rows


def batches(path: Path, size: int, repeated: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield the rows, at most `size` at a time, the columns `repeated` as dictionaries."""
    # A file that is buffered ahead stays in memory until all of it was read.
    with pq.ParquetFile(path, read_dictionary=repeated, pre_buffer=False) as file:
        yield from file.iter_batches(size)


def repeated_texts(path: Path) -> list[str]:
    """Return the columns of texts that are stored as dictionaries."""
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    texts = [field.name for field in schema_of(path) if pa.types.is_string(field.type)]
    stored = [group.column(n) for group in groups for n in range(metadata.num_columns)]
    plain = {column.path_in_schema for column in stored if not column.has_dictionary_page}
    return [name for name in texts if name not in plain]


def portions(path: Path, most: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows, at most `most` at a time and fewer where their values are large."""
    metadata = pq.read_metadata(path)
    with pq.ParquetFile(path, read_dictionary=repeated_texts(path), pre_buffer=False) as file:
        for number in range(metadata.num_row_groups):
            size = rows_at_once(metadata.row_group(number), file.schema_arrow, most)
            for batch in file.iter_batches(size, row_groups=[number]):
                yield from map(spelled_out, pieces(batch))


def rows_at_once(group, schema: pa.Schema, most: int) -> int:
    """Return how many rows of a group to read at a time: fewer where they are wide."""
    columns = [group.column(number) for number in range(group.num_columns)]
    width = sum(width_of(column, group.num_rows, schema) for column in columns)
    if group.total_byte_size > LARGE_GROUP:
        most = min(most, FEW_ROWS)
    return max(1, min(most, PORTION_BYTES // max(1, width)))


def width_of(column, rows: int, schema: pa.Schema) -> int:
    """Return the bytes that a row may take in a column, as far as its metadata tells."""
    size = column.total_uncompressed_size
    name = column.path_in_schema
    fixed = column.physical_type != "BYTE_ARRAY"
    read_as_dictionary = name in schema.names and pa.types.is_dictionary(schema.field(name).type)
    if fixed or read_as_dictionary or not column.has_dictionary_page:
        return size // max(1, rows)
    return size  # Each row may mean the largest value that is stored once.


def pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield the batch in slices whose values fit well in memory."""
    if batch.num_rows > 1 and sum(map(size_of, batch.columns)) > PORTION_BYTES:
        half = batch.num_rows // 2
        yield from pieces(batch.slice(0, half))
        yield from pieces(batch.slice(half))
    elif batch.num_rows:
        yield batch


def size_of(column: pa.Array) -> int:
    """Return the bytes of the values, those of a dictionary as often as they are meant."""
    if not pa.types.is_dictionary(column.type):
        return column.nbytes
    meant = pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0
    mean = column.dictionary.nbytes // max(1, len(column.dictionary))
    return max(meant, mean * len(column))  # Arrow sets the latter aside to spell them out.


def spelled_out(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with each value in its place instead of dictionaries."""
    columns = [
        column.dictionary.take(column.indices) if pa.types.is_dictionary(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
