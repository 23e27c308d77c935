"""What is wanted of an export that sends changes only: the JSON that queries and jobs keep."""

from dataclasses import dataclass, field, fields
from uuid import uuid4

from integrations import receipts
from integrations.models import Authentication

OPERATIONS = ("added", "changed", "removed")
COLUMN, FILES, NOTHING = "column", "files", "nothing"
WHAT, ACCOUNT = 40, 23  # characters of the parts of a subject


@dataclass(frozen=True)
class Changes:
    """How to send only what changed."""

    key: list[str]  # names of columns
    added: bool = True
    changed: bool = True
    removed: bool = True
    tell: str = COLUMN  # by what the operation is told: a column, files of their own, nothing
    column: str = "operation"
    words: dict[str, str] = field(default_factory=lambda: {name: name for name in OPERATIONS})
    approve_first: bool = False
    approve_rows: int | None = None
    approve_percent: int | None = None  # of the delivered rows
    hold_removed: int | None = 50  # percent of the delivered rows
    since: str = ""  # when it was switched on: switched on again is another beginning
    everything: str = ""  # a wish for everything, which one run meets
    by: int | None = None  # who saved it

    @classmethod
    def of(cls, kept: dict) -> "Changes":
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})

    @property
    def send(self) -> dict[str, bool]:
        return {name: getattr(self, name) for name in OPERATIONS}

    @property
    def told_in(self) -> str:
        """The column that tells the operation; nothing where it is told otherwise."""
        return self.column if self.tell == COLUMN else ""

    @property
    def apart(self) -> bool:
        return self.tell == FILES


def token() -> str:
    return uuid4().hex


def subject_of(authentication: Authentication, export: dict, changes: dict) -> str:
    """Return what tells the destination of an export, since it was switched on, from others.

    Its second part is of the account that the authentication leads to by now.
    """
    connector = authentication.connector(authentication.plain_settings)
    place = {name: export.get(name) for name in connector.place}
    what = receipts.digest([authentication.pk, place, changes.get("since", "")])
    return f"{what[:WHAT]}.{receipts.digest(connector.account())[:ACCOUNT]}"


def is_of(kept: str, subject: str) -> bool:
    """Return whether what is kept is of this subject. Older versions kept nothing of an account."""
    return kept == subject or ("." not in kept and kept[:WHAT] == subject[:WHAT])
