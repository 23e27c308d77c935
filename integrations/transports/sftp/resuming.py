"""Going on with an upload that broke, behind what the server has of it for sure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from integrations.delivery import Delivery
from integrations.errors import ExportError
from integrations.transports.sftp.files import Files
from integrations.transports.sftp.open_file import OpenFile

TAIL = 65_536  # bytes before the offset that are read back and compared


@dataclass(frozen=True)
class Partial:
    """A temporary file that an earlier try of this process has begun."""

    path: str
    confirmed: int  # bytes of its start that the server has confirmed
    sent: int  # bytes given to it


def resumed(
    partial: Partial, files: Files, content: Any, delivery: Delivery
) -> tuple[OpenFile, Iterator[bytes]] | None:
    """Return the open file and the bytes that it still needs; nothing where that cannot be."""
    kept = tail(partial, files)
    if not kept:
        return None
    chunks = content.read_from(partial.confirmed - len(kept))
    rest = after(kept, chunks)
    if rest is None:
        return None
    try:
        file = files.resume(partial.path, partial.confirmed)
    except ExportError:
        if not files.connection.is_open():
            raise
        return None
    if is_emptied(file):
        file.abandon()
        return None
    delivery.log(
        f"Resumed {partial.path} at {partial.confirmed:,} of {partial.sent:,} bytes sent before."
    )
    return file, chain(rest, chunks)


def is_emptied(file: OpenFile) -> bool:
    """Return whether the server threw bytes away when it opened the file: some empty it.

    What is written behind them makes the file as long as it should be, with a hole.
    """
    size = file.files.size(file.path)
    return size is not None and size < file.size


def tail(partial, files):
    """Return the last bytes that the server confirmed, as it has them now; or none."""
    length = min(partial.confirmed, TAIL)
    if not length or (files.size(partial.path) or 0) < partial.confirmed:
        return b""
    kept = files.read(partial.path, partial.confirmed - length, length)
    return kept if len(kept) == length else b""


def after(kept: bytes, chunks: Iterator[bytes]) -> list[bytes] | None:
    """Take what was kept from the chunks. Return what follows in them; None where they differ."""
    for chunk in chunks:
        size = min(len(chunk), len(kept))
        if kept[:size] != chunk[:size]:
            return None
        kept = kept[size:]
        if not kept:
            return [chunk[size:]]
    return None
