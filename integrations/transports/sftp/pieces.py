"""A stream of bytes, cut as an upload wants it."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain

from integrations.errors import PermanentError

IN_MEMORY = 8 * 1024 * 1024


def joined(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes in chunks of at least the size, but for the last."""
    kept, length = [], 0
    for chunk in chunks:
        kept.append(chunk)
        length += len(chunk)
        if length >= size:
            yield kept[0] if len(kept) == 1 else b"".join(kept)
            kept, length = [], 0
    if length:
        yield b"".join(kept)


def pieces(
    chunks: Iterable[bytes], size: int, batch: int = 0, begun: int = 0
) -> Iterator[memoryview]:
    """Yield the bytes in pieces of at most the size, none of them over the end of a batch.

    So many bytes, of all batches, came before them.
    """
    room = batch - begun % batch if batch else 0
    for chunk in joined(chunks, size):
        rest = memoryview(chunk)
        while rest:
            piece = rest[: min(size, room) if batch else size]
            yield piece
            rest = rest[len(piece) :]
            room = room - len(piece) or batch


@contextmanager
def held(chunks: Iterable[bytes], limit: int) -> Iterator[tuple[bool, Iterator[bytes]]]:
    """Hold the bytes back in a local file as long as they are no more than the limit.

    Give whether that was all of them, and all of them to read.
    """
    chunks = iter(chunks)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        while file.tell() <= limit and (chunk := next(chunks, None)) is not None:
            keep(file, chunk)
        whole = file.tell() <= limit
        file.seek(0)
        yield whole, chain(iter(lambda: file.read(IN_MEMORY // 8), b""), chunks)


def keep(file, chunk):
    try:
        file.write(chunk)
    except OSError as error:
        raise PermanentError(
            f"This server has no room for the temporary file of the export: {error.strerror}.",
            remedy="Set the Temp filesize threshold to 0: then no temporary file is needed here.",
        ) from error
