"""What a connector is given beside the rows: host keys, the stop signal, progress, the slot."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from integrations.errors import PermanentError, Stopped

if TYPE_CHECKING:
    import pyarrow as pa


class KnownHosts(Protocol):
    """Host keys seen before. Keys are OpenSSH text: `ssh-ed25519 AAAA…`."""

    def get(self, host: str, port: int) -> str | None: ...

    def pin(self, host: str, port: int, key: str) -> None: ...


@dataclass
class MemoryHosts:
    """Host keys of this process only, for tests and trials."""

    keys: dict[tuple[str, int], str] = field(default_factory=dict)

    def get(self, host, port):
        return self.keys.get((host, port))

    def pin(self, host, port, key):
        self.keys[host, port] = key


NO_ANSWER = "no answer"  # the rule of rejects of which nobody knows whether they were taken


class Rejects(Protocol):
    """Rows that were not delivered, each kept with its number in the result, from 0, and why."""

    count: int

    def keep(self, rows: "pa.RecordBatch", numbers: list[int], rule: str, reason: str) -> None: ...


@dataclass
class MemoryRejects:
    """Rejects of this process only, for tests and trials."""

    kept: list[tuple[int, dict, str, str]] = field(default_factory=list)

    @property
    def count(self):
        return len(self.kept)

    def keep(self, rows, numbers, rule, reason):
        values = zip(numbers, rows.to_pylist(), strict=True)
        self.kept += [(number, row, rule, reason) for number, row in values]


class Journal(Protocol):
    """What a connector did of a result, written down so that a later attempt goes on from there.

    It belongs to the rows and the settings: the same rows to somewhere else begin a new one.
    """

    def read(self) -> list[dict]:
        """Return what was written, in order, by whichever attempt."""

    def write(self, entry: dict) -> None:
        """Add an entry, which is there for good once this returns."""

    def note(self, entry: dict) -> None:
        """Add an entry that the death of the process leaves; a power cut may take it."""


@dataclass
class MemoryJournal:
    """A journal of this process only, for tests and trials."""

    entries: list[dict] = field(default_factory=list)

    def read(self):
        return list(self.entries)

    def write(self, entry):
        self.entries.append(entry)

    note = write


class Sendable(Protocol):
    """Rows of a result, each with its number in it, from 0."""

    @property
    def schema(self) -> "pa.Schema": ...

    @property
    def count(self) -> int: ...

    def numbered(self) -> Iterator[tuple["pa.Array", "pa.RecordBatch"]]: ...


class Tables(Protocol):
    """The console's own tables, as far as the owner of the rows may change them."""

    def put(self, database: str, table: str, rows: Path, mode: str) -> int:
        """Write the rows of a Parquet file into a table, whole or not at all; return its bytes.

        A table has the rows of a run once, however often they are put there.
        """


class NoTables:
    """There are none in a process without a console: in tests and trials."""

    def put(self, database, table, rows, mode):
        raise PermanentError(
            f"There are no tables here, so {database}.{table} was not written.",
            remedy="Export from a query of the console.",
        )


def ignore(*_):
    pass


@dataclass
class Delivery:
    """The surroundings of one export."""

    known_hosts: KnownHosts = field(default_factory=MemoryHosts)
    networks: tuple[str, ...] = ()  # networks beside the public internet that may be reached
    stopped: Callable[[], bool] = lambda: False
    held: Callable[[], bool] = lambda: True  # whether no other process has the work by now
    progress: Callable[[int], None] = ignore  # bytes sent so far
    log: Callable[[str], None] = ignore
    rejects: Rejects = field(default_factory=MemoryRejects)
    journal: Journal = field(default_factory=MemoryJournal)
    tables: Tables = field(default_factory=NoTables)
    # Called with the rows that hold to the contract before any of them is sent.
    sending: Callable[["Sendable"], None] = ignore
    slot: datetime = field(default_factory=lambda: datetime.now(UTC))  # in the schedule's zone
    job: str = "manual"  # unique to the job; names its temporary files
    number: str = "0"  # of the job that people know; a retry has that of the first
    requests: int = 0  # that may be under way at once; 0 where nobody counts them
    whole: bool = True  # whether the rows are all there is: then one at least has to be taken
    test: bool = False  # whether a few rows are sent to see that they arrive
    part: str = ""  # of the rows, where each is sent in a file of its own: added, changed, removed

    def check(self) -> None:
        """Raise Stopped when the work has to end."""
        if self.stopped():
            raise Stopped

    def fence(self) -> None:
        """Raise Stopped where what others see is not, or not any more, to be changed here."""
        self.check()
        if not self.held():
            raise Stopped
