"""The test of an SFTP connection: the steps of an export, with a file of a few bytes."""

import posixpath
import secrets
from collections.abc import Iterator
from contextlib import suppress

from integrations.connectors.base import Step, walk
from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, Stopped, TransientError
from integrations.transports.sftp import Account, Connection, Files

PROBE = b"A connection test wrote this file and removes it again.\n"


class Trial:
    """One test. Whatever it leaves on the server is removed at the end."""

    def __init__(self, account: Account, delivery: Delivery):
        self.connection = Connection(account, delivery)
        self.files = None
        self.folder = ""
        self.left = ""

    def steps(self, path: str | None, *, from_login_directory: bool) -> Iterator[Step]:
        """Yield the steps. The files go where the path would, or to the log-in directory."""

        def directory():
            return self.find_folder(path, from_login_directory=from_login_directory)

        try:
            yield from walk(
                (
                    ("resolve", self.connection.resolve),
                    ("connect", self.connection.connect),
                    ("host key", self.connection.check_host_key),
                    ("log in", self.connection.log_in),
                    ("directory", directory),
                    ("write", self.write),
                    ("rename", self.rename),
                    ("delete", self.delete),
                )
            )
        finally:
            self.close()

    def find_folder(self, path, *, from_login_directory):
        self.files = Files(self.connection)
        place = path if path else "x"
        full = self.files.full_path(place, from_login_directory=from_login_directory or not path)
        wanted = self.folder = posixpath.dirname(full)
        while self.folder not in ("", "/") and self.files.is_missing(self.folder):
            self.folder = posixpath.dirname(self.folder)
        if self.folder != wanted:
            return f"{self.folder}; the export creates {wanted}"
        return self.folder or "the log-in directory"

    def write(self):
        name = f"connection-test-{secrets.token_hex(8)}.tmp"
        self.left = posixpath.join(self.folder, name)
        file = self.files.create(self.left)
        file.write(memoryview(PROBE))
        file.close()
        if self.files.size(self.left) not in (None, len(PROBE)):
            raise TransientError(
                f"Write {self.left}: the server did not keep all of {len(PROBE)} bytes.",
                remedy="Its disk may be full, or a quota may be reached.",
            )
        return f"{len(PROBE)} bytes to {self.left}"

    def rename(self):
        final = self.left.removesuffix(".tmp")
        try:
            self.files.publish(self.left, final)
        except PermanentError as error:
            error.remedy = "Leave 'Rename file after upload finish' off, or ask the server's "
            error.remedy += "operator for the right to rename."
            raise
        self.left = final
        return final

    def delete(self):
        self.files.remove(self.left)
        removed, self.left = self.left, ""
        return removed

    def close(self):
        if self.left and self.connection.is_open():
            with suppress(ExportError, Stopped):
                self.files.remove(self.left)
        self.connection.close()
