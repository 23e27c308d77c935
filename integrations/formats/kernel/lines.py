"""The kernel: the rows of Arrow columns written as lines, in one pass."""

import numpy as np

from integrations.formats.kernel import columns as kinds
from integrations.formats.kernel.doubles import put_double
from integrations.formats.kernel.marks import Marks
from integrations.formats.kernel.numbers import put_decimal, put_integer, put_natural
from integrations.formats.kernel.pointers import (
    WORD,
    bit_at,
    double_at,
    inlined,
    int8_at,
    int16_at,
    int32_at,
    int64_at,
    put_byte,
    put_int64,
    put_word,
    uint8_at,
    uint16_at,
    uint32_at,
    word_at,
)
from integrations.formats.kernel.texts import GROWTH, put_blocks, put_copy, put_text
from integrations.formats.kernel.times import put_date, put_timestamp

TRUE, FALSE = (np.uint64(int.from_bytes(text, "little")) for text in (b"true", b"false"))
MILLISECONDS_OF_DAY, MICROSECONDS_OF_DAY = 86_400_000, 86_400_000_000
NO_ROOM = -1
NO_TEXT = 0


def put_lines(call):
    """Write lines from a row on, as many as have room, and return where they end.

    The call is the address of eight words: address and number of the columns, address of the
    marks, the row and the number of rows, where to write and up to where a line may begin, which
    leaves room for a row of short values. The row that comes next replaces the row; behind all
    goes the column whose value in that row has no text here, or -1.
    """
    columns, count = int64_at(call), int64_at(call + 8)
    marks = marks_from(int64_at(call + 16))
    first, rows = int64_at(call + 24), int64_at(call + 32)
    p, limit = int64_at(call + 40), int64_at(call + 48)
    for row in range(first, rows):
        line, doubtful = p, -1
        if p <= limit:
            p, doubtful = put_row(p, limit, columns, count, row, marks)
        if p <= 0 or line > limit:
            put_int64(call + 24, row)
            put_int64(call + 56, doubtful)
            return line
        if marks.starts != 0:
            put_int64(marks.starts + WORD * row, line)
    put_int64(call + 24, rows)
    put_int64(call + 56, -1)
    return p


@inlined
def put_row(p, limit, columns, count, row, marks):
    """Write a line, return where it ends or else 0 or less, and the column that stopped it."""
    for number in range(count):
        if number:
            put_byte(p, marks.delimiter)
            p += 1
        p = put_cell(p, limit, columns + number * kinds.COLUMN_BYTES, row, marks)
        if p <= 0:
            return p, -1 if p == NO_ROOM else number
    put_word(p, marks.end)
    return p + marks.end_size, -1


@inlined
def put_cell(p, limit, column, row, marks):
    """Write a value and return where it ends, NO_ROOM or NO_TEXT."""
    kind = int64_at(column + kinds.KIND)
    valid = int64_at(column + kinds.VALID)
    row += int64_at(column + kinds.OFFSET)
    if valid != 0 and bit_at(valid, row) == 0:
        return put_copy(p, marks.null, marks.null_size)
    if kind >= kinds.TEXT:
        return put_text_of(p, limit, kind, column, row, marks)
    if marks.quotes_all:
        put_byte(p, marks.quote)
        p += 1
    p = put_value(p, kind, column, row)
    if marks.quotes_all and p != NO_TEXT:
        put_byte(p, marks.quote)
        p += 1
    return p


@inlined
def put_text_of(p, limit, kind, column, row, marks):
    data = int64_at(column + kinds.DATA)
    starts = int64_at(column + kinds.STARTS)
    if kind >= kinds.REPEATED_TEXT:
        row = np.int64(int32_at(int64_at(column + kinds.INDICES) + 4 * row))
        row += int64_at(column + kinds.OFFSET_OF_TEXTS)
    if kind == kinds.WRITTEN_TEXT:
        return put_written(p, limit, starts + WORD * row)
    if kind == kinds.LARGE_TEXT:
        start = int64_at(starts + 8 * row)
        size = int64_at(starts + 8 * row + 8) - start
    else:
        start = np.int64(int32_at(starts + 4 * row))
        size = np.int64(int32_at(starts + 4 * row + 4)) - start
    if GROWTH * size > limit - p:
        return NO_ROOM
    return put_text(p, data + start, size, int64_at(column + kinds.STOP), marks)


@inlined
def put_written(p, limit, starts):
    """Copy a text of a dictionary that was written before, as it stands in the file."""
    start = int64_at(starts)
    size = int64_at(starts + WORD) - start
    if size > limit - p:
        return NO_ROOM
    return put_blocks(p, start, size)


@inlined
def put_value(p, kind, column, row):
    """Write a value that is not a text, return NO_TEXT where only Arrow has one."""
    data = int64_at(column + kinds.DATA)
    if kind == kinds.DOUBLE:
        return put_double(p, double_at(data + 8 * row))
    if kind == kinds.DECIMAL:
        return put_decimal(p, int64_at(data + 16 * row), int64_at(column + kinds.POWER))
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
        day = value // MILLISECONDS_OF_DAY
        rest = 1_000 * (value - day * MILLISECONDS_OF_DAY)
    else:
        day = value // MICROSECONDS_OF_DAY
        rest = value - day * MICROSECONDS_OF_DAY
    return put_timestamp(p, day, np.uint64(rest), kind == kinds.MICROSECONDS_UTC)


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


@inlined
def marks_from(address):
    """Return the marks, which are kept as a word each."""
    return Marks(
        np.uint8(word_at(address)),
        np.uint8(word_at(address + 8)),
        np.uint8(word_at(address + 16)),
        np.uint8(word_at(address + 24)),
        np.uint8(word_at(address + 32)),
        word_at(address + 40) != 0,
        word_at(address + 48) != 0,
        word_at(address + 56) != 0,
        word_at(address + 64),
        int64_at(address + 72),
        word_at(address + 80),
        int64_at(address + 88),
        int64_at(address + 96),
        int64_at(address + 104),
        int64_at(address + 112),
    )
