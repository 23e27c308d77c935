"""A file on an SFTP server while it is being written."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from paramiko.sftp import CMD_CLOSE, SFTP_FLAG_APPEND, SFTP_FLAG_WRITE

from integrations.transports.sftp.connection import FAILURES
from integrations.transports.sftp.requests import string

MORE = SFTP_FLAG_WRITE | SFTP_FLAG_APPEND


@dataclass
class OpenFile:
    """A file that is being written, from its start or from where `size` says."""

    files: Any  # the Files that opened it
    path: str
    handle: bytes
    size: int = 0  # bytes given to it so far, with those before the offset it was resumed at
    confirmed: int = field(init=False)  # length of its start that the server has for sure
    beyond: dict[int, int] = field(default_factory=dict)  # confirmed behind a gap: start -> end

    def __post_init__(self):
        self.confirmed = self.size

    def write(self, piece: memoryview) -> None:
        """Send the next bytes, without waiting for the server to confirm them."""
        with self.files.doing(f"Write {self.path}"):
            self.files.requests.write(self.handle, self.size, piece, self.confirm)
        self.size += len(piece)

    def confirm(self, start: int, end: int) -> None:
        """Count bytes that the server has; `confirmed` grows once those before them are there."""
        self.beyond[start] = end
        while self.confirmed in self.beyond:
            self.confirmed = self.beyond.pop(self.confirmed)

    def close(self) -> None:
        """Finish the file: wait until the server has confirmed all of it."""
        with self.files.doing(f"Write {self.path}"):
            self.files.requests.settle()
            self.files.requests.ask(CMD_CLOSE, string(self.handle))

    def open_to_append(self) -> None:
        """Open the file again, after it was closed."""
        with self.files.doing(f"Append to {self.path}"):
            self.handle = self.files.open(self.path, MORE)

    def abandon(self) -> None:
        """Close the file as it is; it is not going to be used."""
        with suppress(*FAILURES):
            self.files.requests.settle()
        with suppress(*FAILURES):
            self.files.requests.ask(CMD_CLOSE, string(self.handle))
