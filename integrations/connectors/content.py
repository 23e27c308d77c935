"""The bytes of a file: rows, formatted and encoded."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from integrations.delivery import Delivery
from integrations.encoders import encode
from integrations.formats import write_rows

if TYPE_CHECKING:
    from integrations.rows import Rows


class Content:
    """The bytes of a file: made anew at each reading, and measured on the way."""

    def __init__(self, rows: "Rows", settings: dict, delivery: Delivery):
        self.rows = rows
        self.settings = settings
        self.delivery = delivery
        self.bytes = 0
        self.digest = hashlib.sha256()
        self.reading = None

    def __iter__(self) -> Iterator[bytes]:
        self.close()
        self.reading = self.read()
        return self.reading

    def read(self):
        self.bytes, self.digest = 0, hashlib.sha256()
        with (
            closing(write_rows(self.rows, self.settings)) as lines,
            closing(encode(lines, self.settings)) as chunks,
        ):
            for chunk in chunks:
                self.delivery.check()
                self.digest.update(chunk)
                self.bytes += len(chunk)
                yield chunk

    def close(self) -> None:
        """End a reading that stopped half-way, with the threads and processes it has."""
        if self.reading:
            self.reading.close()
