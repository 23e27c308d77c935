"""The bytes of a file: rows, formatted and encoded."""

import hashlib
from collections.abc import Generator, Iterator
from contextlib import closing
from threading import Event

from integrations.delivery import Delivery
from integrations.encoders import encode
from integrations.errors import Stopped
from integrations.formats import write_rows
from integrations.rows import Rows
from integrations.rows.overlap import Belt, overlapped

LINES_AHEAD = 4 << 20  # bytes of text that wait for an encoder
RANDOM = {"encrypt_pgp"}  # encoders that give other bytes at each reading


class Content:
    """The bytes of a file: made anew at each reading, and measured on the way."""

    def __init__(self, rows: Rows, settings: dict, delivery: Delivery):
        self.rows = rows
        self.settings = settings
        self.delivery = delivery
        self.bytes = 0
        self.digest = hashlib.sha256()
        self.belt = None  # of the last reading
        self.is_begun = False  # whether nobody reads from it yet

    @property
    def repeatable(self) -> bool:
        """Return whether each reading gives the same bytes."""
        return self.settings.get("encoders", "") not in RANDOM

    def __iter__(self) -> Iterator[bytes]:
        return self.read_from(0)

    def begin(self) -> None:
        """Begin the first reading before anybody reads, who may have to wait for a server."""
        if not self.belt:
            self.belt, self.is_begun = self.reading(), True

    @property
    def waiting(self) -> int:
        """Return how many bytes are made and not yet read."""
        return self.belt.waiting if self.belt else 0

    def read_from(self, offset: int) -> Iterator[bytes]:
        """Return the bytes behind the offset. Those before it are made and measured as well."""
        if not self.is_begun:
            self.close()
            self.belt = self.reading()
        self.is_begun = False
        return behind(offset, self.belt)

    def reading(self) -> Belt:
        over = Event()
        return Belt(self.read(over), check=self.delivery.check, over=over)

    def read(self, over: Event) -> Generator[bytes]:
        def check():
            self.delivery.check()
            if over.is_set():
                raise Stopped

        self.bytes, self.digest = 0, hashlib.sha256()
        with closing(self.lines()) as lines, closing(encode(lines, self.settings, check)) as chunks:
            for chunk in chunks:
                check()
                self.digest.update(chunk)
                self.bytes += len(chunk)
                yield chunk

    def lines(self) -> Generator[bytes]:
        """Return the rows as text; an encoder has a thread of its own."""
        lines = write_rows(self.rows, self.settings)
        return overlapped(lines, LINES_AHEAD) if self.settings.get("encoders") else lines

    def close(self) -> None:
        """End a reading that stopped half-way, with the threads and processes it has."""
        self.is_begun = False
        if self.belt:
            self.belt.close()


def behind(offset: int, chunks: Belt) -> Generator[bytes]:
    """Yield what lies behind the offset."""
    with closing(chunks):
        for chunk in chunks:
            if len(chunk) > offset:
                yield chunk[offset:] if offset else chunk
            offset = max(0, offset - len(chunk))
