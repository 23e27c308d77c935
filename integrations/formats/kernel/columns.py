"""Arrow columns as the kernel sees them: a kind, and addresses of buffers."""

import numpy as np
import pyarrow as pa
from pyarrow import types

from integrations.formats.text import text_of

(
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    DOUBLE,
    DECIMAL,
    BOOLEAN,
    DATE,
    MILLISECONDS,
    MICROSECONDS,
    MICROSECONDS_UTC,
    TEXT,
    LARGE_TEXT,
    REPEATED_TEXT,
) = range(18)
KINDS = {
    pa.int8(): INT8,
    pa.int16(): INT16,
    pa.int32(): INT32,
    pa.int64(): INT64,
    pa.uint8(): UINT8,
    pa.uint16(): UINT16,
    pa.uint32(): UINT32,
    pa.uint64(): UINT64,
    pa.float64(): DOUBLE,
    pa.bool_(): BOOLEAN,
    pa.date32(): DATE,
    pa.timestamp("ms"): MILLISECONDS,
    pa.timestamp("us"): MICROSECONDS,
    pa.timestamp("us", "UTC"): MICROSECONDS_UTC,
    pa.string(): TEXT,
    pa.large_string(): LARGE_TEXT,
    pa.dictionary(pa.int32(), pa.string()): REPEATED_TEXT,
}
FIELDS = (
    "kind",
    "offset",  # of the first row
    "valid",  # address of a bit for each row, 0 where no value is null
    "data",  # address of the values, or of the bytes of all texts
    "stop",  # address behind the bytes of all texts
    "starts",  # address of where each text starts
    "indices",  # address of which text of a dictionary each value is
    "offset_of_texts",  # of the dictionary's first text
    "power",  # of ten, by which decimals are divided
)
DECIMAL_DIGITS = 18  # that fit the lower half of a decimal
COLUMN = np.dtype([(field, np.int64) for field in FIELDS])


def kind_of(kind: pa.DataType) -> int | None:
    """Return the kernel's kind of a type, None where it has none."""
    if types.is_decimal128(kind) and kind.precision <= DECIMAL_DIGITS and kind.scale >= 0:
        return DECIMAL
    return KINDS.get(kind)


def readable(column: pa.Array, name: str, *, only_texts: bool) -> pa.Array:
    """Return the column in a type that the kernel reads, with all else as text."""
    kind = kind_of(column.type)
    if kind is None or (kind < TEXT and only_texts):
        return text_of(column, name)
    if kind == REPEATED_TEXT and column.dictionary.null_count:
        return text_of(column, name)
    return column


def describe(record: np.record, column: pa.Array) -> None:
    """Fill in where the column's buffers are. They live as long as the column does."""
    record["kind"] = kind = kind_of(column.type)
    record["offset"] = column.offset
    valid, data, *_ = column.buffers()
    record["valid"] = valid.address if column.null_count else 0
    if kind == DECIMAL:
        record["power"] = 10**column.type.scale
    if kind < TEXT:
        record["data"] = data.address
    elif kind == REPEATED_TEXT:
        record["indices"] = data.address
        record["offset_of_texts"] = column.dictionary.offset
        describe_texts(record, column.dictionary)
    else:
        describe_texts(record, column)


def describe_texts(record: np.record, column: pa.Array) -> None:
    _, starts, data = column.buffers()
    record["starts"] = starts.address
    if data is not None:
        record["data"] = data.address
        record["stop"] = data.address + data.size
