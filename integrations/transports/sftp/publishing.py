"""One try to put a file on an SFTP server: under a temporary name first, wherever it can rename."""

import secrets
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from paramiko import SFTPAttributes

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, TransientError
from integrations.transports.arrival import Arrival
from integrations.transports.sftp.asked import REFUSED, Asked, Renaming
from integrations.transports.sftp.checksums import Checks, Checksum
from integrations.transports.sftp.files import Files
from integrations.transports.sftp.leftovers import TEMPORARY, Leftovers, own_names
from integrations.transports.sftp.pieces import held, pieces
from integrations.transports.sftp.resuming import Partial, is_emptied, resumed


@dataclass(frozen=True)
class Manner:
    """How a file is put on the server."""

    from_login_directory: bool = False
    rename: bool = False  # whether others are to see the temporary name: that of the file and .tmp
    threshold: int = 0  # bytes; larger files are appended to in batches of this. 0: never
    straight: bool | None = None  # whether it is to grow under its name; None: nobody is asked


@dataclass
class Known:
    """What the tries of one upload know of each other."""

    left: Leftovers
    asked: Asked  # the rename
    partial: Partial | None = None  # what the try before got to the server
    renames: bool | None = None  # whether it renames, as far as it has told
    straight: bool = False  # whether it has shown that it does not, or nobody wants it to
    checks: Checks = field(default_factory=Checks)

    @property
    def renaming(self) -> Renaming | None:
        """The rename that was asked for, unless it is given up."""
        return self.asked.renaming

    def publish(self, files: Files) -> None:
        """Rename the whole file, and remember what the server says to that."""
        self.asked.change(answer="", proves=True)
        try:
            files.publish(self.renaming.temporary, self.renaming.path)
        except ExportError:
            if files.connection.is_open():
                self.asked.change(answer=REFUSED)
            raise
        self.asked.done()


STRAIGHT = (
    "The server does not let files be renamed here, so {} is written straight under its name: "
    "whoever watches the directory can see it before it is whole."
)


TAKEN = (
    "{} was gone before it was renamed, and is sent again. Where a program there takes every file "
    "that is closed, it gets this one twice: choose Write straight under its name in the export."
)


class AppendRefused(Exception):
    """The server takes files in one piece only."""


class RenameRefused(Exception):
    """The server takes files under their final name only."""


class Try:
    """One try, with a connection of its own."""

    def __init__(self, files: Files, delivery: Delivery, manner: Manner, known: Known):
        self.files = files
        self.delivery = delivery
        self.manner = manner
        self.known = known
        self.left = known.left
        self.file = None  # that is being written
        self.checksum = None

    def put(self, path: str, content: Any) -> Arrival:
        """Put the content at the path. Raise ExportError where it is not there as a whole."""
        if not self.known.straight:
            try:
                chunks = self.resume(content) or self.begin(path, content)
                if chunks is not None:
                    return self.put_and_rename(path, content, chunks)
            except RenameRefused:
                self.known.partial = None
                self.known.asked.drop()
        return self.put_straight(path, content)

    def resume(self, content):
        """Go on with the file of the try before. Return what it lacks; nothing where that fails."""
        partial, self.known.partial = self.known.partial, None
        if not (partial and content.repeatable):
            return None
        begun = resumed(partial, self.files, content, self.delivery)
        if not begun:
            return None
        self.file, chunks = begun
        self.begin_checksum()
        self.checksum.forget()  # Its start does not pass by here any more.
        return chunks

    def begin(self, path, content):
        """Begin a temporary file. Return what to write; nothing where the server forbids it."""
        self.left.remove(self.files)
        self.left.remove_those_of_the_dead(self.files, path)
        self.file = self.create_usual(path) if self.manner.rename else self.create_own(path)
        if self.file is None:
            return None
        self.begin_checksum()
        return content

    def begin_checksum(self):
        self.checksum = Checksum(self.files, self.file.path, self.known.checks)
        self.checksum.begin()

    def create_usual(self, path):
        """Create the file of the usual temporary name, or of one of our own where it is taken."""
        usual = path + TEMPORARY
        if file := self.left.create_new(self.files, usual):
            return file
        own, _ = own_names(path, self.delivery.job)
        self.delivery.log(f"{usual} is there already, perhaps of another export. Using {own}.")
        return self.left.create(self.files, own, own=True)

    def create_own(self, path):
        """Create a file of a name that only this try uses; none where that would be no use."""
        names = own_names(path, self.delivery.job)
        if self.known.renames is None:
            self.known.renames = self.files.knows_rename(f"{names[1]}0", f"{names[1]}1")
        if self.known.renames is False:
            return None
        # Where tries before left both and nothing can be removed, a third one is free.
        _, free = own_names(path, f"{self.delivery.job}.{secrets.token_hex(4)}")
        refusal = None
        for name in (*names, free):
            try:
                if file := self.left.create_new(self.files, name, own=True):
                    return file
            except ExportError as error:
                if not self.files.connection.is_open():
                    raise
                refusal = error
        self.spare_old(path, refusal)
        return None

    def spare_old(self, path, refusal):
        """Raise where the refusal can mean that there is no room, and an old file would be lost."""
        if isinstance(refusal, TransientError) and not self.files.is_missing(path):
            raise refusal

    def put_and_rename(self, path, content, chunks):
        """Write the rest of the temporary file, and publish it once it is whole."""
        try:
            self.write_all(chunks, content)
        finally:
            self.known.partial = Partial(self.file.path, self.file.confirmed, self.file.size)
        whole = time.time()
        arrival = self.verified(content)
        if arrival.bytes is None and self.files.is_missing(self.file.path):
            self.tell_of_loss()
        arrival = replace(arrival, path=path)
        sha256 = content.digest.hexdigest()
        temporary, size = self.file.path, self.file.size
        self.delivery.fence()
        self.known.asked.ask(Renaming(temporary, path, size, sha256, arrival, whole))
        self.publish()
        self.left.published(self.file.path)
        # From here on nothing makes the delivery fail.
        self.left.remove_stranger(self.files, arrival.modified, renamed=temporary)
        return arrival

    def tell_of_loss(self):
        if not self.manner.rename:
            if self.manner.straight is False:
                self.delivery.log(TAKEN.format(self.file.path))
            raise RenameRefused
        raise TransientError(f"{self.file.path} was removed before it could be renamed.")

    def publish(self):
        try:
            self.known.publish(self.files)
        except ExportError as error:
            if not self.files.connection.is_open():
                raise
            if self.files.is_missing(self.file.path):
                self.tell_of_loss()
            if self.files.is_directory(path := self.known.renaming.path):
                raise TransientError(  # It can go away, as what came of a mistake does.
                    f"{path} is a directory on {self.files.place}, so no file can have that name.",
                    remedy="Add the name of the file to the path in the export.",
                ) from error
            never = isinstance(error, PermanentError) or not self.known.renames
            if never and not self.manner.rename:
                raise RenameRefused from error
            raise

    def put_straight(self, path, content):
        """Write under the final name; what does not become whole is removed again."""
        self.left.remove(self.files)
        if not self.manner.threshold:
            return self.write_straight(path, content, content)
        with held(content, self.manner.threshold) as (_, chunks):
            return self.write_straight(path, content, chunks)

    def write_straight(self, path, content, chunks):
        self.delivery.fence()
        self.file = self.left.create(self.files, path)
        self.file.keep_in_order()
        if not self.known.straight:
            self.delivery.log(STRAIGHT.format(path))
        self.known.straight = True
        self.begin_checksum()
        self.write_all(chunks, content)
        arrival = self.verified(content)
        self.left.published(path)
        return arrival

    def write_all(self, chunks, content):
        """Write the chunks, and the whole content anew where the server refuses to append."""
        try:
            self.write(chunks, self.manner.threshold)
        except AppendRefused:
            self.delivery.log(
                "The server refused to append: sending the file again in one piece. "
                "Set the Temp filesize threshold to 0 to begin with that."
            )
            self.file = self.files.create(self.file.path)
            if self.known.straight:
                self.file.keep_in_order()
            self.begin_checksum()
            self.write(content, batch=0)

    def write(self, chunks: Iterable[bytes], batch: int) -> None:
        """Write the chunks to the open file and close it."""
        begun = self.file.size
        try:
            for piece in pieces(chunks, self.files.block, batch, begun):
                self.delivery.check()
                if batch and self.file.size and self.file.size % batch == 0:
                    self.reopen(resumed=begun > 0)
                self.file.write(piece)
                self.checksum.update(piece)
                self.delivery.progress(self.file.size)
        except BaseException:
            self.file.abandon()
            raise
        self.file.close()

    def reopen(self, *, resumed):
        """Close the file and open it again, to append to it."""
        self.file.close()
        try:
            if resumed:  # It can have more bytes behind the end of those that count.
                self.file = self.files.resume(self.file.path, self.file.size)
            else:
                self.file.open_to_append()
            emptied = is_emptied(self.file)
        except ExportError as error:
            if self.files.connection.is_open():
                raise AppendRefused from error
            raise
        if emptied:
            raise AppendRefused

    def verified(self, content) -> Arrival:
        """Return what the server tells of the file. Raise where that is not what was sent."""
        file, place = self.file, self.files.connection.account.place
        found = file.as_closed() or self.files.stat(file.path)
        if found and found.st_size not in (None, file.size):
            raise TransientError(
                f"{place} holds {found.st_size:,} of the {file.size:,} bytes of {file.path}.",
                remedy="Its disk may be full, or it may not know how to append: "
                "then set the Temp filesize threshold to 0.",
            )
        checksum = self.checksum.confirmed(file.size, content.digest.hexdigest())
        return arrival(file.path, found, checksum)


def arrival(path: str, found: SFTPAttributes | None, checksum: str = "") -> Arrival:
    """Return what the server says of a file in words that can be kept."""
    if not found:
        return Arrival(path, checksum=checksum)
    changed, mode = found.st_mtime, found.st_mode
    return Arrival(
        path=path,
        bytes=found.st_size,
        modified=datetime.fromtimestamp(changed, UTC).isoformat() if changed else "",
        permissions=stat.filemode(mode)[1:] if mode else "",
        checksum=checksum,
    )
