"""Pieces of text put together row by row."""

from integrations.formats.kernel.pointers import (
    BLOCK,
    WORD,
    bit_at,
    inlined,
    int64_at,
    put_int64,
    put_word,
    start_of,
)
from integrations.formats.kernel.texts import put_blocks, put_copy

# A piece is described by a word for each of these:
(
    BEFORE,  # address of what stands before each text of a column, or of a text for all rows
    BEFORE_SIZE,
    STARTS,  # address of where each text starts, as 64-bit numbers; 0 where there is no column
    OFFSET,  # of the first row
    VALID,  # address of a bit for each row, 0 where no text is null
    TEXTS,  # address of the bytes of all texts
    STOP,  # address behind them
    AFTER,  # address of what stands behind each text
    AFTER_SIZE,
) = range(0, 9 * WORD, WORD)
PIECE_BYTES = 9 * WORD


def put_joined(call):
    """Write the pieces of each row one behind the other; of a null, neither text nor frame.

    The call is the address of five words: address and number of the pieces, the number of rows,
    where to write, and where to note how many bytes there are up to the end of each row.
    """
    pieces, count, rows = int64_at(call), int64_at(call + 8), int64_at(call + 16)
    out, ends = int64_at(call + 24), int64_at(call + 32)
    p = out
    for row in range(rows):
        for number in range(count):
            p = put_piece(p, pieces + number * PIECE_BYTES, row)
        put_int64(ends + WORD * row, p - out)
    return p - out


@inlined
def put_piece(p, piece, row):
    """Write what a row has of a piece, and return where it ends."""
    starts, valid = int64_at(piece + STARTS), int64_at(piece + VALID)
    place = row + int64_at(piece + OFFSET)
    if valid != 0 and bit_at(valid, place) == 0:
        return p
    p = put_copy(p, int64_at(piece + BEFORE), int64_at(piece + BEFORE_SIZE))
    if starts == 0:
        return p
    start = int64_at(starts + WORD * place)
    size = int64_at(starts + WORD * place + WORD) - start
    p = put_all(p, int64_at(piece + TEXTS) + start, size, int64_at(piece + STOP))
    return put_copy(p, int64_at(piece + AFTER), int64_at(piece + AFTER_SIZE))


@inlined
def put_all(p, source, size, stop):
    """Copy a text. Nothing from stop on is read; behind the copy there is room for a block."""
    if source + size + BLOCK <= stop:
        return put_blocks(p, source, size)
    for number in range(0, size, WORD):
        put_word(p + number, start_of(source + number, size - number, stop))
    return p + size
