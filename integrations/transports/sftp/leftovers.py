"""Files of an upload that must not stay on the server, and what the uploads of the dead left."""

import posixpath
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from itertools import chain

from integrations.delivery import Delivery
from integrations.errors import ExportError, Stopped
from integrations.transports.sftp.asked import BELIEVED
from integrations.transports.sftp.files import NEW, ONLY_NEW, Files
from integrations.transports.sftp.notes import Notes
from integrations.transports.sftp.open_file import OpenFile

TEMPORARY = ".tmp"
LEFT = "{} may be left on the server. The next attempt, or Retry, removes what is left."
LONGEST_NAME = 255  # bytes, on every common file system
# Seconds for a server to write what a worker had sent it before it died. A file's time has whole
# seconds: within less, one that grows could look as if it did not.
SETTLING = 1.2


def own_names(path: str, job: str) -> tuple[str, str]:
    """Return names beside the path that only this try of the job uses; the first is hidden.

    The second one is for servers that refuse a dot in front, or a long name.
    """
    folder, name = posixpath.split(path)
    ending = f".{job}{TEMPORARY}"
    short = name.encode()[: LONGEST_NAME - len(ending) - 1].decode(errors="ignore")
    return tuple(posixpath.join(folder, own) for own in (f".{short}{ending}", f"upload{ending}"))


def earlier(job: str) -> list[str]:
    """Return what the earlier tries of the job, in workers that died, were called."""
    number, _, attempt = job.rpartition(".")
    if not (number and attempt.isdecimal()):
        return []
    return [f"{number}.{before}" for before in range(1, int(attempt))]


class Leftovers:
    """The files that an upload has made, until they are published or removed."""

    def __init__(self, delivery: Delivery, notes: Notes):
        self.delivery = delivery
        self.notes = notes
        self.names = set()
        self.own = set()  # names that no other process uses
        self.shared = {}  # name that others use too -> the file that we made where there was none
        self.asked = ""  # a name, until the server answers whether it made the file
        self.stranger = None  # (name, what the server said of it) where our usual name was taken

    def __bool__(self):
        return bool(self.names or self.asked)

    def create(self, files: Files, path: str, *, flags: int = NEW, own: bool = False) -> OpenFile:
        """Create a file that must not stay as it is."""
        if own:
            self.own.add(path)
        if own or flags == ONLY_NEW:
            self.notes.note(made=path, own=own)
        self.asked = path
        try:
            file = files.create(path, flags=flags)
        except ExportError:
            if files.connection.is_open():
                self.asked = ""  # The server refused: a file of that name is as it was.
            raise
        self.names.add(path)
        self.asked = ""
        return file

    def create_new(self, files: Files, path: str, *, own: bool = False) -> OpenFile | None:
        """Create a file where there is none. Return nothing where the name is taken."""
        try:
            file = self.create(files, path, flags=ONLY_NEW, own=own)
            self.shared |= {} if own else {path: file}
            return file
        except ExportError:
            if not files.connection.is_open():
                raise
        found = shown(files, path)
        if not found and (own or files.is_missing(path)):
            # Not every server knows how to create only new files.
            return self.create(files, path, own=own)
        self.own.discard(path)
        if path not in self.made_before(own=False):
            self.notes.note(gone=path)  # It is somebody else's.
        if found and not own:
            self.stranger = path, found
        return None

    def told(self, *, but: str = "") -> str:
        """Return which files may have been left, in a sentence, but for one; nothing if none."""
        names = sorted({*self.names, self.asked} - {"", but})
        return LEFT.format(" and ".join(names)) if names else ""

    def published(self, path: str) -> None:
        """Let the file stay."""
        self.names.discard(path)

    def remove(self, files: Files, *, but: Collection[str] = ()) -> None:
        """Remove what must not stay, as far as the connection allows, but for some."""
        alone = not self or self.delivery.held()
        if not alone and self.asked not in self.own:
            self.asked = ""  # By now it can be of another process's file, as the others can.
        self.take_back(files)
        for path in sorted(self.names.difference(but)):
            with suppress(ExportError, Stopped):  # What is not answered is asked again later.
                if alone or self.is_ours(files, path):
                    files.remove(path)
                    self.notes.note(gone=path)
                self.names.discard(path)

    def is_ours(self, files, name):
        """Return whether the file of the name is the one made here, going by its size."""
        if name in self.own:
            return True
        file = self.shared.get(name)
        return bool(file) and file.confirmed <= (files.size(name) or 0) <= file.size

    def take_back(self, files):
        """Count the file whose creation had no answer as left over, where it was made empty."""
        if not self.asked:
            return
        with suppress(ExportError, Stopped):
            size = files.size(self.asked)  # One with content was there before.
            if size == 0 or (size is None and self.asked in self.own):
                self.names.add(self.asked)
            self.asked = ""

    def remove_stranger(self, files: Files, now: str, *, renamed: str) -> None:
        """Remove a temporary file that nobody writes to, and nobody comes back for.

        What is the server's time now, it said of our own file, which was renamed.
        """
        with suppress(ExportError, Stopped):
            self.stranger = self.stranger or self.shared_before(files, renamed)
            if not self.stranger:
                return
            name, before = self.stranger
            found = shown(files, name)
            if found != before and earlier(self.delivery.job):
                time.sleep(SETTLING)
                before, found = found, shown(files, name)
            if (
                found
                and found == before
                and (name in self.made_before(own=False) or is_old(found, now))
            ):
                files.remove(name)
                self.delivery.log(f"Removed {name}, left behind by an earlier export.")

    def shared_before(self, files, renamed):
        """Return a shared name that an earlier attempt made, as the server shows it for a while.

        The attempt after that one had published the file and died before it could tidy up.
        """
        for name in self.made_before(own=False):
            if name != renamed and (found := shown(files, name)):
                time.sleep(SETTLING)
                return name, found
        return None

    def made_before(self, *, own: bool) -> list[str]:
        """Return the names that earlier attempts made and did not remove, our own or shared ones.

        Those of a job are also those of the one that it repeats.
        """
        made = {}
        for entry in self.notes.before:
            if "made" in entry:
                made[entry["made"]] = entry["own"]
            made.pop(entry.get("gone"), None)
        return [name for name, is_own in made.items() if is_own == own]

    def remove_those_of_the_dead(self, files: Files, path: str) -> None:
        """Remove what earlier attempts left: their workers died, or had no way to the server."""
        pairs = [own_names(path, job) for job in earlier(self.delivery.job)]
        names = dict.fromkeys([*chain(*pairs), *self.made_before(own=True)])
        for name in (each for each in names if each not in self.own):
            with suppress(ExportError, Stopped):  # Of a drop box it is not known what is there.
                was_there = removed(files, name)
                self.notes.note(gone=name)
                if was_there:
                    self.delivery.log(f"Removed {name}, left behind by an earlier attempt.")


def shown(files: Files, path: str) -> tuple[int | None, int | None] | None:
    """Return size and time of the file as the server tells them, nothing where it is gone."""
    found = files.stat(path)
    return found and (found.st_size, found.st_mtime)


def is_old(found: tuple[int | None, int | None], now: str) -> bool:
    """Return whether a file is older than whoever made it believes in what it was asked for."""
    if not (found[1] and now):
        return False
    return datetime.fromisoformat(now).timestamp() - found[1] > 2 * BELIEVED


def removed(files: Files, path: str) -> bool:
    """Remove the file. Return whether it was there."""
    with files.connection.doing(f"Remove {path}"):
        try:
            files.operations.remove(path)
        except FileNotFoundError:
            return False
    return True
