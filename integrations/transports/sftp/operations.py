"""What an SFTP server does with names, each thing one request, and what a file there holds.

paramiko has all of them, and reads the words of each answer as UTF-8: where a server speaks
another language, it knows neither that a file is missing nor that all went well.
"""

import struct
from collections.abc import Iterator

from paramiko import SFTPAttributes, SFTPError
from paramiko.sftp import (
    CMD_ATTRS,
    CMD_CLOSE,
    CMD_DATA,
    CMD_EXTENDED,
    CMD_MKDIR,
    CMD_NAME,
    CMD_READ,
    CMD_REALPATH,
    CMD_REMOVE,
    CMD_RENAME,
    CMD_STAT,
    CMD_STATUS,
    SFTP_FLAG_READ,
)

from integrations.transports.sftp.attributes import attributes
from integrations.transports.sftp.requests import EndOfFile, Requests, string

FOLDER = struct.pack(">II", 4, 0o777)  # the attributes of a new one: its permissions
BLOCK = 32_768  # bytes of one read that every server gives
LEAST = 4096  # bytes to ask for where one gives less
READS = 64  # at a time


class Operations:
    """What can be asked of the server at the other end. A refusal is an OSError."""

    def __init__(self, requests: Requests):
        self.requests = requests

    def stat(self, path: str) -> SFTPAttributes:
        return attributes(self.requests.ask(CMD_STAT, name(path), CMD_ATTRS))

    def rename(self, old: str, new: str) -> None:
        """Rename a file, for which the new name has to be free."""
        self.requests.ask(CMD_RENAME, name(old) + name(new), CMD_STATUS)

    def posix_rename(self, old: str, new: str) -> None:
        """Rename a file onto one that may be there, where the server knows how to."""
        body = string(b"posix-rename@openssh.com") + name(old) + name(new)
        self.requests.ask(CMD_EXTENDED, body, CMD_STATUS)

    def make_folder(self, path: str) -> None:
        self.requests.ask(CMD_MKDIR, name(path) + FOLDER, CMD_STATUS)

    def remove(self, path: str) -> None:
        self.requests.ask(CMD_REMOVE, name(path), CMD_STATUS)

    def real_path(self, path: str) -> bytes:
        """Return the whole path as the server has it."""
        answer = self.requests.ask(CMD_REALPATH, name(path), CMD_NAME)
        if answer[:4] != struct.pack(">I", 1):
            raise SFTPError("not one path")
        return first_string(answer[4:])

    def read(self, path: str, offset: int = 0, at_once: int = READS) -> Iterator[bytes]:
        """Yield what the file holds from the offset on, with so many blocks asked for at a time."""
        handle = self.requests.open(path, SFTP_FLAG_READ)
        try:
            yield from self.blocks(handle, offset, at_once)
        finally:
            if not self.requests.due:  # Else the connection is lost.
                self.requests.begin(CMD_CLOSE, string(handle))

    def blocks(self, handle, offset, at_once):
        size = BLOCK
        while True:
            asked = [self.ask_block(handle, offset + n * size, size) for n in range(at_once)]
            self.requests.settle()
            for question in asked:
                try:
                    data = first_string(question.answer(CMD_DATA))
                except EndOfFile:
                    return
                if not data:  # Some servers tell the end so.
                    return
                yield data
                offset += len(data)
                if len(data) < size:  # The others are of places behind a gap.
                    at_once = at_once if len(data) >= LEAST else 1
                    size = max(len(data), LEAST)
                    break

    def ask_block(self, handle, offset, size):
        return self.requests.begin(CMD_READ, string(handle) + struct.pack(">QI", offset, size))


def name(path: str) -> bytes:
    return string(path.encode())


def first_string(content: bytes) -> bytes:
    """Return the string that the content begins with."""
    return content[4 : 4 + int.from_bytes(content[:4], "big")]
