"""The checksum that a server makes of a file itself, where it can: the extension check-file.

Servers get it wrong: ProFTPD hashes the first of several blocks again and again, paramiko does not
come to an end with blocks above 64 KiB. So it is asked for in one block; a server that does not
answer is not asked in the next try; and where a checksum does not fit, the file itself is read
back before anything is concluded.
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

from paramiko.sftp import CMD_CLOSE, CMD_EXTENDED, SFTP_FLAG_READ, SFTPError

from integrations.errors import TransientError
from integrations.transports.sftp.connection import is_answer
from integrations.transports.sftp.files import Files, is_refusal
from integrations.transports.sftp.requests import string

ALGORITHMS = "sha256,sha1,md5"
RANGE = struct.Struct(">QQI")  # start, length, bytes of a block
ALL = 0  # as a length and as a block
PARAMIKO_BLOCK = 65_536  # bytes


@dataclass
class Checks:
    """Whether the server answers when it is asked for a checksum."""

    answered: bool = True


@dataclass
class Checksum:
    """The checksum of one file: made here on the way, and by the server afterwards."""

    files: Files
    path: str
    checks: Checks  # of all tries
    algorithm: str = ""  # blank where the server has none
    digest: Any = None  # of the bytes sent; none where the content has its own SHA-256

    def begin(self) -> None:
        """Find out what the server would use, on the file that is still empty."""
        if "OpenSSH" in self.files.connection.transport.remote_version or not self.checks.answered:
            return  # OpenSSH has no such extension.
        self.algorithm, _ = self.ask() or ("", b"")
        if self.algorithm not in ("", "sha256"):
            self.digest = hashlib.new(self.algorithm, usedforsecurity=False)

    def forget(self) -> None:
        """Do without, where not all bytes pass by: unless the content has what is needed."""
        if self.digest:
            self.algorithm, self.digest = "", None

    def update(self, piece: memoryview) -> None:
        if self.digest:
            self.digest.update(piece)

    def confirmed(self, size: int, sha256: str) -> str:
        """Return the checksum that the server makes of the file, as in sha256:…, where it does.

        Raise TransientError where the file is not what was sent.
        """
        if not self.algorithm or (self.is_paramiko() and size > PARAMIKO_BLOCK):
            return ""
        answer = self.ask()
        if not answer:
            return ""
        wanted = self.digest.hexdigest() if self.digest else sha256
        algorithm, found = answer
        if algorithm == self.algorithm and found.hex() == wanted:
            return f"{algorithm}:{wanted}"
        self.compare(sha256)
        return ""

    def compare(self, sha256):
        """Read the file back. Raise TransientError where it is not what was sent."""
        if self.files.sha256(self.path) != sha256:
            raise TransientError(
                f"The server's checksum of {self.path} is not that of what was sent. "
                "Nothing was published.",
                remedy="Ask the server's operator to look at its disk if this happens again.",
            )
        self.files.connection.delivery.log(
            f"The server's own checksum of {self.path} is wrong: "
            "read back, the file is byte for byte what was sent."
        )

    def ask(self):
        """Return the algorithm and what it makes of the file; nothing where the server does not.

        Some refuse to hash an empty file: then SHA-256 is tried on the whole one.
        """
        self.checks.answered = False
        with self.files.doing(f"Ask for the checksum of {self.path}"):
            try:
                answer = parsed(self.request())
            except OSError as error:
                if not is_answer(error):
                    raise
                known = self.algorithm or is_refusal(error) or self.is_paramiko()
                answer = None if known else ("sha256", b"")
        self.checks.answered = True
        return answer

    def request(self):
        if not self.is_paramiko():
            return self.send("check-file-name", self.path.encode(), ALL)
        handle = self.files.requests.open(self.path, SFTP_FLAG_READ)
        try:
            return self.send("check-file", handle, PARAMIKO_BLOCK)
        finally:
            self.files.requests.ask(CMD_CLOSE, string(handle))

    def send(self, extension, file, block):
        algorithms = string(ALGORITHMS.encode())
        body = string(extension.encode()) + string(file) + algorithms + RANGE.pack(0, ALL, block)
        return self.files.requests.ask(CMD_EXTENDED, body)

    def is_paramiko(self):
        return "paramiko" in self.files.connection.transport.remote_version


def parsed(answer: bytes) -> tuple[str, bytes]:
    """Return algorithm and checksum of an answer; some servers repeat the extension's name."""
    first, rest = cut(answer)
    if first.startswith("check-file"):
        first, rest = cut(rest)
    if first not in ALGORITHMS.split(","):
        raise SFTPError("a checksum of a kind that was not asked for")
    return first, rest


def cut(content):
    """Return the string at the start of the content, and what follows."""
    end = 4 + int.from_bytes(content[:4], "big")
    return content[4:end].decode("ascii", errors="replace"), content[end:]
