"""What the attempts at one file write down for each other."""

from contextlib import suppress

from integrations.delivery import Journal
from integrations.errors import TransientError


def write_down(journal: Journal, entry: dict) -> None:
    """Add an entry that is there for good. TransientError: this server has no room for it."""
    try:
        journal.write(entry)
    except OSError as error:
        raise TransientError(
            f"This server could not write down what it is about to do: {error.strerror}.",
            remedy="Its disk may be full. Tell an administrator if this goes on.",
        ) from error


class Notes:
    """The entries of a journal that are of one file.

    They are believed at the same server, of the same user and host key alone.
    """

    def __init__(self, journal: Journal):
        self.journal = journal
        self.name = None  # of the file, as the export has it
        self.at = None  # who is where, once that is known
        self.before = []  # what earlier attempts wrote

    def recall(self, name: str) -> None:
        """Read what earlier attempts wrote down of the file."""
        if self.name is None:
            self.name = name
            self.before = [each for each in self.journal.read() if each.get("file") == name]

    def meet(self, **at: str) -> None:
        """Say who is where: what is of others counts no more."""
        if self.at is None:
            self.at = at
            self.before = [each for each in self.before if each["at"] == at]

    def write(self, **entry) -> None:
        """Add an entry that is there for good."""
        write_down(self.journal, self.whole(entry))

    def note(self, **entry) -> None:
        """Add an entry that can get lost, whatever becomes of it."""
        with suppress(OSError):
            self.journal.note(self.whole(entry))

    def whole(self, entry):
        return {"file": self.name, "at": self.at} | entry
