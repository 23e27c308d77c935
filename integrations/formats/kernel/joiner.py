"""Arrow's texts put together row by row by the kernel."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from integrations.formats.kernel.machine_code import JOINS, kernel

SLACK = 64  # bytes behind what is written: a block, and a word


class Piece(NamedTuple):
    """A column with what stands before and behind each text of it; or a text for all rows.

    The column is of large strings. Where it is null, nothing of the piece is there.
    """

    before: str
    texts: pa.Array | None = None
    after: str = ""


def put_together(pieces: list[tuple[str, pa.Array | None, str]]) -> pa.Array:
    """Return the pieces of each row as one large string. One of them has to be of a column."""
    pieces = [Piece(*each) for each in pieces]
    rows = next(len(piece.texts) for piece in pieces if piece.texts is not None)
    if not rows:
        return pa.array([], pa.large_string())
    frames = [(padded(piece.before), padded(piece.after)) for piece in pieces]
    described = [words_of(*each) for each in zip(pieces, frames, strict=True)]
    words = np.array(described, np.int64).ravel()
    out = np.empty(sum(most_of(piece, rows) for piece in pieces) + SLACK, np.uint8)
    ends = np.zeros(rows + 1, np.int64)
    addresses = words.ctypes.data, len(pieces), rows, out.ctypes.data, ends.ctypes.data + 8
    call = np.array(addresses, np.int64)
    size = kernel(JOINS)(call.ctypes.data)
    return pa.Array.from_buffers(
        pa.large_string(), rows, [None, pa.py_buffer(ends), pa.py_buffer(out).slice(0, size)]
    )


def padded(text: str) -> tuple[np.ndarray, int]:
    """Return the bytes of the text with room for whole words to be read, and their number."""
    content = text.encode()
    return np.frombuffer(content + bytes(8), np.uint8), len(content)


def words_of(piece: Piece, frame) -> list[int]:
    """Return what the kernel is told of a piece, whose buffers have to live as long."""
    (before, before_size), (after, after_size) = frame
    column = [0, 0, 0, 0, 0] if piece.texts is None else column_words(piece.texts)
    return [before.ctypes.data, before_size, *column, after.ctypes.data, after_size]


def column_words(texts: pa.Array) -> list[int]:
    valid, starts, content = texts.buffers()
    begin, size = (content.address, content.size) if content else (0, 0)
    nulls = valid.address if texts.null_count else 0
    return [starts.address, texts.offset, nulls, begin, begin + size]


def most_of(piece: Piece, rows: int) -> int:
    """Return how many bytes the piece can have in all rows together."""
    frame = len(piece.before.encode()) + len(piece.after.encode())
    return rows * frame + (0 if piece.texts is None else bytes_in(piece.texts))


def bytes_in(texts: pa.Array) -> int:
    starts = np.frombuffer(texts.buffers()[1], np.int64)
    return int(starts[texts.offset + len(texts)] - starts[texts.offset])
