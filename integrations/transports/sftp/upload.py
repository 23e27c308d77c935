"""One file on its way to an SFTP server: whole under its name, or not at all."""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from integrations.delivery import Delivery
from integrations.errors import ExportError, Stopped, TransientError
from integrations.transports.sftp.connection import Account, Connection
from integrations.transports.sftp.files import ONLY_NEW, Files
from integrations.transports.sftp.pieces import held, pieces

TEMPORARY = ".tmp"
CLEARING = 2.0  # seconds to come back and remove what is left
LOOKING = 10.0  # seconds to come back and see whether the file has its name


@dataclass(frozen=True)
class Manner:
    """How a file is put on the server."""

    from_login_directory: bool = False
    rename: bool = False  # write under a temporary name first, whatever the size
    threshold: int = 0  # bytes; larger files are appended to in batches of this. 0: never


class AppendRefused(Exception):
    """The server takes files in one piece only."""


class Upload:
    """The delivery of one file, over all of its tries."""

    def __init__(self, account: Account, delivery: Delivery, manner: Manner):
        self.account = account
        self.delivery = delivery
        self.manner = manner
        self.host_key = ""
        self.leftovers = set()  # files of this upload that must not stay
        self.renaming = None  # (temporary, size, path) once the server was asked to rename
        self.creating = ""  # a final name, until the server answers whether it made the file
        self.stranger = None  # (name, what the server said of it) where our usual name was taken

    def deliver(self, path: str, content: Iterable[bytes]) -> tuple[str, int | None]:
        """Put the content at the path. Return the path on the server, and the size there."""
        with Connection(self.account, self.delivery) as connection:
            self.host_key = connection.fingerprint
            files = Files(connection)
            path = files.full_path(path, from_login_directory=self.manner.from_login_directory)
            if self.arrived(files):
                return path, files.size(path)
            self.remove_leftovers(files)
            try:
                return path, self.put(files, path, content)
            finally:
                self.remove_leftovers(files)

    def arrived(self, files):
        """Return whether an earlier try did rename the file, and only the answer was lost."""
        if not self.renaming:
            return False
        temporary, size, path = self.renaming
        self.renaming = None
        if not files.is_missing(temporary) or files.size(path) != size:
            return False
        self.delivery.log(f"{path} had arrived: only the server's last answer was lost.")
        self.leftovers.discard(temporary)
        return True

    def found(self) -> tuple[str, int | None] | None:
        """Come back once more, for a short time, for the result of a rename without an answer."""
        if not self.renaming:
            return None
        _, size, path = self.renaming
        with suppress(ExportError, Stopped), self.errand(LOOKING) as connection:
            if self.arrived(Files(connection)):
                return path, size
        return None

    def put(self, files, path, content):
        """Put the content at the path. Return the size that the server tells."""
        if self.manner.rename:
            return self.put_and_rename(files, path, content, content)
        if not self.manner.threshold:
            return self.put_straight(files, path, content)
        with held(content, self.manner.threshold) as (whole, chunks):
            if whole:
                return self.put_straight(files, path, chunks)
            return self.put_and_rename(files, path, content, chunks)

    def put_straight(self, files, path, chunks):
        """Write under the final name; what does not become whole is removed again."""
        self.delivery.fence()
        self.creating = path
        try:
            file = files.create(path)
        except ExportError:
            if files.connection.is_open():
                self.creating = ""  # The server refused: the file of that name is as it was.
            raise
        self.leftovers.add(path)
        self.creating = ""
        self.write(file, chunks)
        size = self.verify(files, file)
        self.leftovers.discard(path)
        return size

    def put_and_rename(self, files, path, content, chunks):
        """Write under a temporary name, and publish the file once it is whole."""
        file = self.create_temporary(files, path)
        self.leftovers.add(file.path)
        try:
            self.write(file, chunks, batch=self.manner.threshold)
        except AppendRefused:
            self.delivery.log(
                "The server refused to append: sending the file again in one piece. "
                "Set the Temp filesize threshold to 0 to begin with that."
            )
            file = files.create(file.path)
            self.write(file, content)
        size = self.verify(files, file)
        if size is None and files.is_missing(file.path):
            raise TransientError(f"{file.path} was removed before it could be renamed.")
        self.delivery.fence()
        self.renaming = file.path, file.size, path
        files.publish(file.path, path)
        self.leftovers.discard(file.path)
        self.remove_stranger(files)  # From here on nothing makes the delivery fail any more.
        return size

    def create_temporary(self, files, path):
        """Create the file of the usual temporary name, or of one of our own where it is taken."""
        usual = path + TEMPORARY
        try:
            return files.create(usual, flags=ONLY_NEW)
        except ExportError:
            found = files.stat(usual)
        if not found:  # Not every server knows how to create only new files.
            return files.create(usual)
        self.stranger = usual, (found.st_size, found.st_mtime)
        own = f"{path}.{self.delivery.job}{TEMPORARY}"
        self.delivery.log(f"{usual} is there already, perhaps of another export. Using {own}.")
        return files.create(own)

    def remove_stranger(self, files):
        """Remove a temporary file that nobody wrote to during this upload."""
        if not self.stranger:
            return
        name, before = self.stranger
        with suppress(ExportError, Stopped):
            now = files.stat(name)
            if now and (now.st_size, now.st_mtime) == before:
                files.remove(name)
                self.delivery.log(f"Removed {name}, left behind by an earlier export.")

    def write(self, file, chunks, *, batch=0):
        """Write the chunks to the open file and close it."""
        try:
            for piece in pieces(chunks, file.files.block, batch):
                self.delivery.check()
                if batch and file.size and file.size % batch == 0:
                    self.reopen(file)
                file.write(piece)
                self.delivery.progress(file.size)
        except BaseException:
            file.abandon()
            raise
        file.close()

    def reopen(self, file):
        file.close()
        try:
            file.open_to_append()
        except ExportError as error:
            if file.files.connection.is_open():
                raise AppendRefused from error
            raise

    def verify(self, files, file):
        """Return the size that the server tells, if any. Raise where it is not what was sent."""
        size = files.size(file.path)
        if size not in (None, file.size):
            raise TransientError(
                f"{self.account.place} holds {size:,} of the {file.size:,} bytes of {file.path}.",
                remedy="Its disk may be full, or it may not know how to append: "
                "then set the Temp filesize threshold to 0.",
            )
        return size

    def remove_leftovers(self, files):
        """Remove what must not stay, as far as the connection allows."""
        if files.connection.is_open():
            self.renaming = None  # The server has answered.
        if (self.leftovers or self.creating) and not self.delivery.held():
            self.creating = ""
            return self.leftovers.clear()  # By now the name can be of another process's file.
        self.take_back(files)
        for path in sorted(self.leftovers):
            with suppress(ExportError, Stopped):
                files.remove(path)
                self.leftovers.discard(path)
        return None

    def take_back(self, files):
        """Count the file whose creation had no answer as left over, where it was made empty."""
        if not self.creating:
            return
        with suppress(ExportError, Stopped):
            if files.size(self.creating) == 0:  # One with content was there before.
                self.leftovers.add(self.creating)
            self.creating = ""

    def clear(self) -> None:
        """Come back once more, for a short time, to remove what must not stay."""
        if not self.leftovers and not self.creating:
            return
        with suppress(ExportError, Stopped), self.errand(CLEARING) as connection:
            self.remove_leftovers(Files(connection))

    def errand(self, seconds):
        """Return a connection of its own that is given up after some seconds."""
        ends = time.monotonic() + seconds
        delivery = replace(self.delivery, stopped=lambda: time.monotonic() > ends)
        return Connection(replace(self.account, timeout=seconds), delivery)
