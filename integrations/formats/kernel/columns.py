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
    WRITTEN_TEXT,  # of a dictionary whose texts are written already
) = range(19)
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
WORD = 8  # bytes; a column is described by one for each of these:
(
    KIND,
    OFFSET,  # of the first row
    VALID,  # address of a bit for each row, 0 where no value is null
    DATA,  # address of the values, or of the bytes of all texts
    STOP,  # address behind the bytes of all texts
    STARTS,  # address of where each text starts
    INDICES,  # address of which text of a dictionary each value is
    OFFSET_OF_TEXTS,  # of the dictionary's first text
    POWER,  # of ten, by which decimals are divided
) = range(0, 9 * WORD, WORD)
COLUMN_BYTES = 9 * WORD
DECIMAL_DIGITS = 18  # that fit the lower half of a decimal


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


def described(column: pa.Array) -> list[int]:
    """Return where the column's buffers are. They live as long as the column does."""
    kind = kind_of(column.type)
    valid, data, *_ = column.buffers()
    words = [kind, column.offset, valid.address if column.null_count else 0, 0, 0, 0, 0, 0, 0]
    if kind == DECIMAL:
        words[POWER // WORD] = 10**column.type.scale
    if kind < TEXT:
        words[DATA // WORD] = data.address
    elif kind == REPEATED_TEXT:
        words[INDICES // WORD] = data.address
        words[OFFSET_OF_TEXTS // WORD] = column.dictionary.offset
        words[DATA // WORD : INDICES // WORD] = places_of_texts(column.dictionary)
    else:
        words[DATA // WORD : INDICES // WORD] = places_of_texts(column)
    return words


def places_of_texts(column: pa.Array) -> tuple[int, int, int]:
    """Return the addresses of the bytes of all texts, of their end, and of where each starts."""
    _, starts, data = column.buffers()
    if data is None:
        return 0, 0, starts.address
    return data.address, data.address + data.size, starts.address


def described_as_written(column: pa.DictionaryArray, starts: np.ndarray) -> list[int]:
    """Return a column whose values are copied from where the texts of its dictionary start."""
    words = described(column)
    words[KIND // WORD] = WRITTEN_TEXT
    words[STARTS // WORD] = starts.ctypes.data
    words[OFFSET_OF_TEXTS // WORD] = 0
    return words
