"""What an export does with files on an SFTP server it is logged in to."""

import hashlib
import posixpath
import re
import stat
import struct
from contextlib import closing, suppress

from paramiko import SFTPAttributes, SFTPError
from paramiko.sftp import (
    CMD_EXTENDED,
    SFTP_FLAG_CREATE,
    SFTP_FLAG_EXCL,
    SFTP_FLAG_TRUNC,
    SFTP_FLAG_WRITE,
)

from integrations.errors import PermanentError
from integrations.transports.sftp import aside
from integrations.transports.sftp.connection import Connection, is_answer
from integrations.transports.sftp.open_file import OpenFile
from integrations.transports.sftp.operations import BLOCK, Operations
from integrations.transports.sftp.requests import Requests, string

LEAST_BLOCK = 32_768  # bytes of one write that every server takes
MOST_BLOCK = 261_120  # that OpenSSH takes: its packets end at 256 KiB
LIMITS = struct.Struct(">QQQ")  # packet, read, write
LONGEST_PATH = 4096
NEVER = re.compile("unsupported|not supported|not implemented|status 8", re.IGNORECASE)
NEW = SFTP_FLAG_WRITE | SFTP_FLAG_CREATE | SFTP_FLAG_TRUNC
ONLY_NEW = NEW | SFTP_FLAG_EXCL


def longest_write(limits: bytes) -> int:
    """Return how many bytes of one write the server takes, by its answer."""
    if len(limits) < LIMITS.size:
        return LEAST_BLOCK
    _packet, _read, write = LIMITS.unpack_from(limits)
    return max(LEAST_BLOCK, min(MOST_BLOCK, write))


def is_refusal(error: OSError) -> bool:
    """Return whether the server says that it will never do such a thing."""
    return isinstance(error, PermissionError) or bool(NEVER.search(str(error)))


class Files:
    """The files on the other side of a connection. Failures are raised as ExportError."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.doing = connection.doing
        self.requests = Requests(connection.client.get_channel(), connection.watchdog.waiting)
        self.operations = Operations(self.requests)
        self.block = LEAST_BLOCK
        # OpenSSH tells how much of one write it takes. It is asked with the first file.
        self.knows_limits = self.is_openssh = "OpenSSH" in connection.transport.remote_version

    def opened(self, path: str, flags: int, offset: int = 0) -> OpenFile:
        """Open a file, to write on from the offset."""
        limits = self.ask_for_limits()
        try:
            return OpenFile(self, path, self.requests.open(path, flags), offset)
        finally:
            if limits and limits.content:  # There are none before OpenSSH 8.5.
                self.block = longest_write(limits.content)

    def ask_for_limits(self):
        if not self.knows_limits:
            return None
        self.knows_limits = False
        return self.requests.begin(CMD_EXTENDED, string(b"limits@openssh.com"))

    def full_path(self, path: str, *, from_login_directory: bool) -> str:
        """Return the path as the server has it. One without a slash starts at the log-in too."""
        if path.startswith("/") and not from_login_directory:
            return posixpath.normpath(path)
        return posixpath.normpath(posixpath.join(self.login_directory(), path.lstrip("/")))

    def login_directory(self) -> str:
        """Return the directory after the log-in; nothing where the server does not tell."""
        with self.doing("Ask for the log-in directory"):
            try:
                path = self.operations.real_path(".").decode()
            except UnicodeDecodeError:  # No path of ours could begin with it.
                return ""
            except OSError as error:
                if not is_answer(error):
                    raise
                return ""
            if len(path) > LONGEST_PATH or not path.isprintable():
                raise SFTPError("no path that a directory can have")
            return path

    def stat(self, path: str) -> SFTPAttributes | None:
        """Return what the server says of the file. Nothing where there is none, or it is secret."""
        with self.doing(f"Look at {path}"):
            try:
                return self.operations.stat(path)
            except OSError as error:
                if not is_answer(error):
                    raise
                return None

    def size(self, path: str) -> int | None:
        found = self.stat(path)
        return found.st_size if found else None

    def is_missing(self, path: str) -> bool:
        """Return whether the server says for sure that there is no such file."""
        with self.doing(f"Look at {path}"):
            try:
                self.operations.stat(path)
            except FileNotFoundError:
                return True
            except OSError as error:
                if not is_answer(error):
                    raise
        return False

    def create(self, path: str, *, flags: int = NEW) -> OpenFile:
        """Open a new file, in directories that are made where missing."""
        with self.doing(f"Create {path}"):
            try:
                return self.opened(path, flags)
            except FileNotFoundError:
                self.make_folder(posixpath.dirname(path))
                return self.opened(path, flags)

    def resume(self, path: str, offset: int) -> OpenFile:
        """Open a file that is there, to write on from the offset."""
        with self.doing(f"Go on with {path}"):
            return self.opened(path, SFTP_FLAG_WRITE, offset)

    def make_folder(self, path: str) -> None:
        """Make the directory and those above it, where they are missing."""
        if not path.strip("/"):
            return
        if found := self.stat(path):
            if found.st_mode and not stat.S_ISDIR(found.st_mode):
                raise PermanentError(
                    f"{path} is a file on {self.place}, so no directory can have that name.",
                    remedy="Choose another path in the export.",
                )
            return
        self.make_folder(posixpath.dirname(path))
        with self.doing(f"Create the directory {path}"):
            try:
                self.operations.make_folder(path)
            except OSError:
                if not self.stat(path):  # Another export can have been quicker.
                    raise

    def is_directory(self, path: str) -> bool:
        found = self.stat(path)
        return bool(found and found.st_mode and stat.S_ISDIR(found.st_mode))

    @property
    def place(self) -> str:
        return self.connection.account.place

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return bytes of the file; none where the server does not let them be read."""
        found = bytearray()
        with self.doing(f"Read {path}"):
            try:
                with closing(self.operations.read(path, offset, -(-length // BLOCK))) as blocks:
                    while len(found) < length and (block := next(blocks, b"")):
                        found += block
                return bytes(found[:length])
            except OSError as error:
                if not is_answer(error):
                    raise
                return b""

    def sha256(self, path: str) -> str:
        """Return the SHA-256 of the file, read back; nothing where that is not allowed."""
        digest = hashlib.sha256()
        with self.doing(f"Read {path}"):
            try:
                with closing(self.operations.read(path)) as blocks:
                    for block in blocks:
                        self.connection.delivery.check()
                        digest.update(block)
            except OSError as error:
                if not is_answer(error):
                    raise
                return ""
        return digest.hexdigest()

    def knows_rename(self, *names: str) -> bool | None:
        """Return whether the server renames, asked with two names that are not there.

        Nothing where its answer does not tell.
        """
        refused = []
        with self.doing(f"Ask {self.place} whether it renames"):
            for rename in (self.operations.posix_rename, self.operations.rename):
                try:
                    rename(*names)
                except FileNotFoundError:
                    return True
                except OSError as error:
                    if not is_answer(error):
                        raise
                    refused.append(is_refusal(error))
        return False if refused == [True, True] else None

    def publish(self, temporary: str, path: str) -> None:
        """Give the file its name, in the place of the one that may have it now."""
        deed = f"Rename {temporary} to {path}"
        with self.doing(deed):
            refusal = self.rename(temporary, path)
        if refusal and self.is_in_the_way(temporary, path, refusal):
            refusal = aside.replace(self, temporary, path, refusal)
        if refusal:
            with self.doing(deed):
                raise refusal
        aside.discard(self, path)

    def is_in_the_way(self, temporary, path, refusal):
        """Return whether a file of that name can be what keeps the other one from having it."""
        if isinstance(refusal, PermissionError | FileNotFoundError):
            return False
        gone = self.is_missing(path) or self.is_missing(temporary)
        return not (gone or self.is_directory(path))

    def rename(self, temporary, path):
        """Rename where the server can, best onto a file that is there. Return why it did not."""
        refusal = None
        for rename in (self.operations.posix_rename, self.operations.rename):
            try:
                rename(temporary, path)
            except OSError as error:
                if not is_answer(error):
                    raise
                refusal = error
            else:
                return None
        return refusal

    def was_renamed(self, temporary: str, path: str) -> bool:
        """Rename where that is still to be done. Return whether the file has its name now."""
        with self.doing(f"Rename {temporary} to {path}"):
            refusal = self.rename(temporary, path)
            return refusal is None or isinstance(refusal, FileNotFoundError)

    def remove(self, path: str) -> None:
        """Remove the file; one that is not there is no error."""
        with self.doing(f"Remove {path}"), suppress(FileNotFoundError):
            self.operations.remove(path)
