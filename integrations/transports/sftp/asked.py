"""The rename that ends an upload, written down before it is asked for: it is not done twice."""

import time
from dataclasses import asdict, dataclass, replace

from integrations.transports.arrival import Arrival
from integrations.transports.sftp.notes import Notes

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
    """The rename of one file: what this attempt and those before it know of it."""

    def __init__(self, notes: Notes):
        self.notes = notes
        self.renaming = None
        self.looked = False  # whether it is known what became of that of an earlier attempt

    def before(self) -> Renaming | None:
        """Return what an earlier attempt asked for, until it is known what became of it."""
        entries = [entry for entry in self.notes.before if "rename" in entry]
        return read(entries[-1]) if entries and not self.looked else None

    def last(self) -> Renaming | None:
        """Return what is known of the rename; of an earlier attempt where this one did not look."""
        return self.renaming or self.before()

    def take_up(self) -> None:
        """Count the rename of the earlier attempt as that of this one."""
        self.renaming, self.looked = self.before(), True

    def ask(self, renaming: Renaming) -> None:
        """Note what is going to be asked for."""
        self.notes.write(rename=asdict(renaming))
        self.renaming, self.looked = renaming, True

    def change(self, **fields) -> None:
        """Note what the rename is by now."""
        changed = replace(self.renaming, **fields)
        if changed != self.renaming:
            self.ask(changed)

    def done(self) -> None:
        """Note that the file has its name. It is done, whatever becomes of the note."""
        self.renaming = replace(self.renaming, answer=DONE)
        self.notes.note(rename=asdict(self.renaming))

    def drop(self) -> None:
        """Note that the file did not get its name: what is left of it can be removed."""
        if self.last():
            self.renaming, self.looked = None, True
            self.notes.write(rename=None)


def read(entry: dict) -> Renaming | None:
    """Return what was written down; nothing where that was given up since."""
    if not (told := entry["rename"]):
        return None
    return Renaming(**told | {"arrival": Arrival(**told["arrival"])})
