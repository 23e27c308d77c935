"""The rename that ends an upload, written down before it is asked for: it is not done twice."""

import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from integrations.delivery import Journal
from integrations.transports.arrival import Arrival

# Seconds in which nothing but its rename takes a temporary name away. Later somebody may have
# tidied up.
BELIEVED = 6 * 3600
DONE, REFUSED = "done", "refused"


@dataclass(frozen=True)
class Renaming:
    """A rename that a server was asked for."""

    temporary: str
    path: str
    size: int
    sha256: str
    arrival: Arrival  # what the server said of the file before
    whole: float  # when all of it was there, in seconds since 1970
    answer: str = ""  # done, refused, or none that was heard
    proves: bool = True  # False: the temporary file may have been removed

    def has_gone_by_it(self) -> bool:
        """Return whether the temporary name, where it is gone, went by the rename."""
        fresh = abs(time.time() - self.whole) < BELIEVED
        return self.answer == DONE or (not self.answer and self.proves and fresh)


class Asked:
    """The rename of one file: what this attempt and those before it know of it.

    It is believed of the same server, user, host key and path alone.
    """

    def __init__(self, journal: Journal):
        self.journal = journal
        self.name = None  # of the file, as the export has it
        self.at = {}
        self.renaming = None
        self.before = None  # what an earlier attempt wrote, until it is known what became of it

    def recall(self, name: str) -> None:
        """Read what earlier attempts wrote down of the file."""
        if self.name is not None:
            return
        self.name = name
        for entry in self.journal.read():
            if entry.get("file") == name and "rename" in entry:
                self.before = entry

    def last(self) -> Renaming | None:
        """Return what is known of the rename; of an earlier attempt where this one did not look."""
        return self.renaming or (self.before and read(self.before))

    def meet(self, path: str, **at: str) -> Renaming | None:
        """Say who is where. Return the rename that an earlier attempt asked for just there."""
        self.at = at
        renaming = self.before and read(self.before)
        if renaming and (renaming.path, self.before["at"]) == (path, at):
            return renaming
        self.before = None
        return None

    def take_up(self) -> None:
        """Count the rename of the earlier attempt as that of this one."""
        self.renaming, self.before = read(self.before), None

    def ask(self, renaming: Renaming) -> None:
        """Note what is going to be asked for."""
        self.renaming = renaming
        self.journal.write(self.entry())

    def change(self, **fields) -> None:
        """Note what the rename is by now."""
        changed = replace(self.renaming, **fields)
        if changed != self.renaming:
            self.ask(changed)

    def done(self) -> None:
        """Note that the file has its name. The delivery is done, whatever becomes of the note."""
        self.renaming = replace(self.renaming, answer=DONE)
        with suppress(OSError):
            self.journal.note(self.entry())

    def drop(self) -> None:
        """Note that the file did not get its name: what is left of it can be removed."""
        if self.last():
            self.renaming = self.before = None
            self.journal.write(self.entry())

    def entry(self):
        rename = self.renaming and asdict(self.renaming)
        return {"file": self.name, "at": self.at, "rename": rename}


def read(entry: dict) -> Renaming | None:
    """Return what was written down; nothing where that was given up since."""
    if not (told := entry["rename"]):
        return None
    return Renaming(**told | {"arrival": Arrival(**told["arrival"])})
