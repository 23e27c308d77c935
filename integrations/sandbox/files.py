"""The files that the sandbox shows: one folder, and no way out of it."""

import os
import re
from functools import wraps
from pathlib import Path

from paramiko import (
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_OP_UNSUPPORTED,
    SFTP_PERMISSION_DENIED,
    SFTPAttributes,
    SFTPHandle,
    SFTPServer,
    SFTPServerInterface,
)


def answered(request):
    """Return the request with errors of the system turned into SFTP's."""

    @wraps(request)
    def answer(self, *arguments):
        try:
            result = request(self, *arguments)
        except OSError as error:
            return SFTPServer.convert_errno(error.errno)
        return SFTP_OK if result is None else result

    return answer


class Handle(SFTPHandle):
    """An open file."""

    def __init__(self, descriptor, path, flags, switches):
        super().__init__(flags)
        self.descriptor = descriptor
        self.path = path
        self.switches = switches

    @answered
    def read(self, offset, length):
        return os.pread(self.descriptor, length, offset)

    @answered
    def write(self, offset, data):
        if self.switches.quota and offset + len(data) > self.switches.quota:
            return SFTP_FAILURE
        if self.switches.damage and not offset:
            data = bytes([data[0] ^ 1]) + data[1:]
        os.pwrite(self.descriptor, data, offset)
        return None

    @answered
    def stat(self):
        return SFTPAttributes.from_stat(os.fstat(self.descriptor))

    def close(self):
        os.close(self.descriptor)
        collect(self.path, self.switches)


def collect(path, switches):
    """Take the file away, as a consumer that waits for it does."""
    if switches.collect and not path.name.endswith(".tmp"):
        path.unlink()


class Files(SFTPServerInterface):
    """The requests of one session."""

    def __init__(self, server, switches):
        super().__init__(server)
        self.transport = server.transport
        self.root = server.root
        self.switches = switches

    def place(self, path):
        """Return where a path leads, links followed. Raise PermissionError outside of the root."""
        place = Path(os.path.realpath(f"{self.root}/{self.canonicalize(path)}"))
        if not place.is_relative_to(self.root):
            raise PermissionError(13, "outside of the sandbox")
        return place

    def name(self, path):
        """Return where a name itself is; a link is not followed."""
        folder, _, name = self.canonicalize(path).rpartition("/")
        return self.place(folder) / name

    @answered
    def list_folder(self, path):
        if not self.switches.look:
            return SFTP_PERMISSION_DENIED
        return [
            SFTPAttributes.from_stat(entry.stat(follow_symlinks=False), entry.name)
            for entry in os.scandir(self.place(path))
        ]

    @answered
    def stat(self, path):
        if not self.switches.look:
            return SFTP_PERMISSION_DENIED
        return SFTPAttributes.from_stat(self.place(path).stat())

    @answered
    def lstat(self, path):
        if not self.switches.look:
            return SFTP_PERMISSION_DENIED
        return SFTPAttributes.from_stat(self.name(path).lstat())

    @answered
    def open(self, path, flags, attr):
        if flags & os.O_APPEND and not self.switches.append:
            return SFTP_NO_SUCH_FILE
        if not flags & os.O_WRONLY and not self.switches.look:
            return SFTP_PERMISSION_DENIED
        place = self.place(path)
        if self.refuses(place):
            return SFTP_PERMISSION_DENIED
        descriptor = os.open(place, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        return Handle(descriptor, place, flags, self.switches)

    def refuses(self, place):
        pattern = self.switches.refused_names
        return bool(pattern and re.search(pattern, place.name))

    @answered
    def remove(self, path):
        self.name(path).unlink()

    @answered
    def rename(self, oldpath, newpath):
        if self.switches.rename_answer:
            return self.switches.rename_answer
        old, new = self.name(oldpath), self.name(newpath)
        if new.exists() and not self.switches.rename_over:
            return SFTP_FAILURE
        old.rename(new)
        collect(new, self.switches)
        if self.switches.lost_renames:
            self.switches.lost_renames -= 1
            self.transport.close()
        return None

    def posix_rename(self, oldpath, newpath):
        if not self.switches.rename_over and not self.switches.rename_answer:
            return SFTP_OP_UNSUPPORTED
        return self.rename(oldpath, newpath)

    @answered
    def mkdir(self, path, attr):
        self.name(path).mkdir()

    @answered
    def rmdir(self, path):
        self.name(path).rmdir()

    @answered
    def chattr(self, path, attr):
        SFTPServer.set_file_attr(str(self.place(path)), attr)
