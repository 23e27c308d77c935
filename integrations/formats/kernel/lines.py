"""The kernel: the rows of Arrow columns written as lines, in one pass."""

import numpy as np
from numba import njit

from integrations.formats.kernel import columns as kinds
from integrations.formats.kernel.numbers import put_decimal, put_double, put_integer, put_natural
from integrations.formats.kernel.pointers import (
    bit_at,
    double_at,
    inlined,
    int8_at,
    int16_at,
    int32_at,
    int64_at,
    put_byte,
    put_word,
    uint8_at,
    uint16_at,
    uint32_at,
    word_at,
)
from integrations.formats.kernel.texts import GROWTH, put_copy, put_text
from integrations.formats.kernel.times import put_date, put_timestamp, put_zoned

TRUE, FALSE = (np.uint64(int.from_bytes(text, "little")) for text in (b"true", b"false"))
NO_ROOM = -1
NO_TEXT = 0


@inlined
def put_cell(p, limit, column, row, marks):
    """Write a value and return where it ends, NO_ROOM or NO_TEXT."""
    row += column.offset
    if column.valid != 0 and bit_at(column.valid, row) == 0:
        return put_copy(p, marks.null, marks.null_size)
    if column.kind >= kinds.TEXT:
        return put_text_of(p, limit, column, row, marks)
    if marks.quotes_all:
        put_byte(p, marks.quote)
        p += 1
    p = put_value(p, column, row)
    if marks.quotes_all and p != NO_TEXT:
        put_byte(p, marks.quote)
        p += 1
    return p


@inlined
def put_text_of(p, limit, column, row, marks):
    if column.kind == kinds.REPEATED_TEXT:
        row = column.offset_of_texts + int32_at(column.indices + 4 * row)
    if column.kind == kinds.LARGE_TEXT:
        start = int64_at(column.starts + 8 * row)
        size = int64_at(column.starts + 8 * row + 8) - start
    else:
        start = np.int64(int32_at(column.starts + 4 * row))
        size = np.int64(int32_at(column.starts + 4 * row + 4)) - start
    if GROWTH * size > limit - p:
        return NO_ROOM
    return put_text(p, column.data + start, size, column.stop, marks)


@inlined
def put_value(p, column, row):
    """Write a value that is not a text, return NO_TEXT where only Arrow has one."""
    kind, data = column.kind, column.data
    if kind == kinds.DOUBLE:
        return put_double(p, double_at(data + 8 * row))
    if kind == kinds.DECIMAL:
        return put_decimal(p, int64_at(data + 16 * row), column.power)
    if kind == kinds.BOOLEAN:
        true = bit_at(data, row) != 0
        put_word(p, TRUE if true else FALSE)
        return p + (4 if true else 5)
    if kind == kinds.UINT64:
        return put_natural(p, word_at(data + 8 * row))
    if kind >= kinds.DATE:
        return put_time(p, kind, data, row)
    return put_integer(p, integer_at(kind, data, row))


@inlined
def put_time(p, kind, data, row):
    if kind == kinds.DATE:
        return put_date(p, np.int64(int32_at(data + 4 * row)))
    value = int64_at(data + 8 * row)
    if kind == kinds.MILLISECONDS:
        return put_timestamp(p, value, 1_000)
    if kind == kinds.MICROSECONDS_UTC:
        return put_zoned(p, value)
    return put_timestamp(p, value, 1_000_000)


@inlined
def integer_at(kind, data, row):
    if kind == kinds.INT64:
        return int64_at(data + 8 * row)
    if kind == kinds.INT32:
        return np.int64(int32_at(data + 4 * row))
    if kind == kinds.INT16:
        return np.int64(int16_at(data + 2 * row))
    if kind == kinds.INT8:
        return np.int64(int8_at(data + row))
    if kind == kinds.UINT32:
        return np.int64(uint32_at(data + 4 * row))
    if kind == kinds.UINT16:
        return np.int64(uint16_at(data + 2 * row))
    return np.int64(uint8_at(data + row))


def compiled(version):
    """Return the kernel. The version is a part of it: a cache keeps one for each."""

    def put_lines(columns, marks, rows, first, p, limit):
        """Write lines from the first row on, as many as have room.

        Return the row that comes next, where the lines end, and the column whose value in
        that row has no text here, or -1. The limit leaves room for a row of short values.
        """
        version  # noqa: B018
        for row in range(first, rows):
            if p > limit:
                return row, p, -1
            line = p
            for number in range(columns.size):
                if number:
                    put_byte(p, marks.delimiter)
                    p += 1
                p = put_cell(p, limit, columns[number], row, marks)
                if p <= 0:
                    return row, line, -1 if p == NO_ROOM else number
            put_word(p, marks.end)
            p += marks.end_size
        return rows, p, -1

    try:
        return njit(put_lines, nogil=True, cache=True, error_model="numpy")
    except RuntimeError:  # no folder to keep it in
        return njit(put_lines, nogil=True, error_model="numpy")
