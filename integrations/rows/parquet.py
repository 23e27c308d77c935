"""Parquet, read by Arrow a portion at a time.

A portion is at most 16,384 rows, or 32,768 of some of the columns, and about 4 MiB of values, or
one row. Behind it stands a batch as Parquet gives it. How large that can be is known from the
metadata: its rows are chosen by their mean size, and where some values may be far larger than
others, so few are read at a time that these do not add up. Besides, Parquet holds the compressed
pages that it is reading, one for each column.
"""

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

PORTION_ROWS = 16_384
NARROW_ROWS = 32_768  # where only some columns are wanted
PORTION_BYTES = 4 << 20
LARGE_COLUMN = 64 << 20  # bytes in a row group; in a larger one a few rows can hold nearly all
FEW_ROWS = 16
BITS = {"BOOLEAN": 1, "INT32": 32, "FLOAT": 32, "BYTE_ARRAY": 32}  # of a value, mostly 64


def metadata_of(path: Path) -> pq.FileMetaData:
    return pq.read_metadata(path)


def schema_of(path: Path, metadata: pq.FileMetaData) -> pa.Schema:
    with pq.ParquetFile(path, metadata=metadata) as file:
        return file.schema_arrow


def portions(
    path: Path, metadata: pq.FileMetaData, *, dictionaries: bool
) -> Generator[pa.RecordBatch]:
    """Yield the rows in order, with dictionaries as they are stored or with all values."""
    for portions_of_group in groups(path, metadata, dictionaries=dictionaries):
        yield from portions_of_group


def groups(
    path: Path, metadata: pq.FileMetaData, names: list[str] | None = None, *, dictionaries: bool
) -> Iterator[Generator[pa.RecordBatch]]:
    """Yield what yields the rows of each row group, which can be read at the same time.

    With names, it is these columns, or all where a name could be taken for another column's, and
    more rows are in a portion.
    """
    schema = schema_of(path, metadata)
    wanted = named(names, schema)
    most = PORTION_ROWS if names is None else NARROW_ROWS
    for number in range(metadata.num_row_groups):
        found = joined(group(path, metadata, number, wanted, most), most)
        yield (typed(portion, schema, dictionaries=dictionaries) for portion in found)


def named(names: list[str] | None, schema: pa.Schema) -> list[str] | None:
    """Return the names to read by; none to read all. Parquet tells members by a dot."""
    unclear = any("." in name for name in schema.names) or len(set(schema.names)) < len(schema)
    return None if unclear else names


def group(
    path: Path,
    metadata: pq.FileMetaData,
    number: int,
    names: list[str] | None = None,
    most: int = PORTION_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a row group in slices that are not too large."""
    rows = metadata.row_group(number)
    stored = [rows.column(column) for column in range(rows.num_columns)]
    repeated = repeated_values(stored, metadata.schema.to_arrow_schema())
    read = [column for column in stored if names is None or top_of(column) in names]
    size = rows_at_once(read, rows.num_rows, repeated, most)
    with pq.ParquetFile(
        path,
        metadata=metadata,
        read_dictionary=repeated,
        arrow_extensions_enabled=False,  # JSON is read as a dictionary only where it is text.
        pre_buffer=False,  # What is buffered ahead stays in memory until all of it was read.
    ) as file:
        for batch in file.iter_batches(size, row_groups=[number], columns=names, use_threads=False):
            yield from pieces(batch)


def top_of(stored: pq.ColumnChunkMetaData) -> str:
    """Return the column that holds what is stored, where no column's name has a dot."""
    return stored.path_in_schema.partition(".")[0]


def repeated_values(stored: list[pq.ColumnChunkMetaData], schema: pa.Schema) -> list[str]:
    """Return the columns of texts and bytes that are stored as dictionaries."""
    kinds = [kind for field in schema for kind in singles(field.type)]
    return [
        column.path_in_schema
        for column, kind in zip(stored, kinds, strict=True)
        if column.has_dictionary_page and (pa.types.is_string(kind) or pa.types.is_binary(kind))
    ]


def singles(kind: pa.DataType) -> list[pa.DataType]:
    """Return the types of the single values that lists, maps and rows hold, as Parquet has them."""
    if not pa.types.is_nested(kind):
        return [kind]
    return [part for n in range(kind.num_fields) for part in singles(kind.field(n).type)]


def rows_at_once(
    stored: list[pq.ColumnChunkMetaData], rows: int, repeated: list[str], most: int = PORTION_ROWS
) -> int:
    """Return how many rows of the stored columns to read at a time: fewer where they are wide."""
    width = sum(width_of(column, rows, repeated) for column in stored)
    most = FEW_ROWS if any(map(is_uneven, stored)) else most
    return max(1, min(most, PORTION_BYTES // max(1, width)))


def is_uneven(column: pq.ColumnChunkMetaData) -> bool:
    """Return whether few values of the column can be many bytes."""
    varies = column.physical_type == "BYTE_ARRAY"
    return varies and column.total_uncompressed_size > LARGE_COLUMN


def width_of(column: pq.ColumnChunkMetaData, rows: int, repeated: list[str]) -> int:
    """Return the bytes that a row may take in a column, as far as its metadata tells."""
    size = column.total_uncompressed_size
    fixed = column.physical_type != "BYTE_ARRAY"
    if fixed or column.path_in_schema in repeated or not column.has_dictionary_page:
        # Arrow may need more: a number or a place in a dictionary, and a bit for null.
        bits = (BITS.get(column.physical_type, 64) + 1) * column.num_values
        return -(-max(size, bits // 8) // max(1, rows))
    return size  # Each row may mean the largest value that is stored once.


def pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield the batch in slices whose values fit well in memory."""
    if batch.num_rows > 1 and is_large(batch):
        half = batch.num_rows // 2
        yield from pieces(batch.slice(0, half))
        yield from pieces(batch.slice(half))
    elif batch.num_rows:
        yield batch


def is_large(batch: pa.RecordBatch) -> bool:
    """Return whether the values are too many bytes; they are counted only if they may be."""
    return all(sum(map(size, batch.columns)) > PORTION_BYTES for size in (most_of, size_of))


def most_of(column: pa.Array) -> int:
    """Return no less than the bytes of the values, without a look at each."""
    if pa.types.is_nested(column.type):
        return sum(map(most_of, members(column)))
    if not pa.types.is_dictionary(column.type):
        return column.nbytes
    return len(column) * (pc.max(pc.binary_length(column.dictionary)).as_py() or 0)


def size_of(column: pa.Array) -> int:
    """Return the bytes of the values, those of a dictionary as often as they are meant."""
    if pa.types.is_nested(column.type):
        return sum(map(size_of, members(column)))
    if not pa.types.is_dictionary(column.type):
        return column.nbytes
    meant = pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0
    mean = column.dictionary.nbytes // max(1, len(column.dictionary))
    return max(meant, mean * len(column))  # Arrow sets the latter aside to spell them out.


def members(column: pa.Array) -> list[pa.Array]:
    """Return the columns that a column of lists, maps or rows is made of, as far as it reaches."""
    if pa.types.is_struct(column.type):
        return column.flatten()
    if not pa.types.is_map(column.type):
        return [column.flatten()]
    start, end = column.offsets[0].as_py(), column.offsets[-1].as_py()
    return [part.slice(start, end - start) for part in (column.keys, column.items)]


def joined(batches: Iterable[pa.RecordBatch], most: int = PORTION_ROWS) -> Iterator[pa.RecordBatch]:
    """Yield the rows of batches that are small together as one batch."""
    waiting, rows, size = [], 0, 0
    for batch in batches:
        half = batch.num_rows > most // 2  # It stays alone, so nobody need count.
        more = PORTION_BYTES if half else sum(map(most_of, batch.columns))
        if waiting and (rows + batch.num_rows > most or size + more > PORTION_BYTES):
            yield one_of(waiting)
            waiting, rows, size = [], 0, 0
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + more
    if waiting:
        yield one_of(waiting)


def one_of(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def typed(batch: pa.RecordBatch, schema: pa.Schema, *, dictionaries: bool) -> pa.RecordBatch:
    """Return the batch with the types of the file; texts may stay in dictionaries."""
    fields = schema if len(batch.columns) == len(schema) else map(schema.field, batch.schema.names)
    columns = [
        column if dictionaries and not has_identifiers(field.type) else spelled_out(column, field)
        for column, field in zip(batch.columns, fields, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def spelled_out(column: pa.Array, field: pa.Field) -> pa.Array:
    """Return the column with each value in its place instead of dictionaries."""
    # A cast of a slice makes what the slice was taken from; a copy has no more than the slice.
    return column if column.type == field.type else pa.concat_arrays([column]).cast(field.type)


def has_identifiers(kind: pa.DataType) -> bool:
    """Return whether there are UUIDs in the type, which are not told from bytes without it."""
    return any(isinstance(single, pa.UuidType) for single in singles(kind))
