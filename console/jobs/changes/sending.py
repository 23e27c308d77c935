"""Changes on their way: in the order added, changed, removed, where each has a file of its own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.jobs.changes.wishes import OPERATIONS
from console.models import Job
from integrations.delivery import Rejects
from integrations.rows import Rows
from integrations.rows.part import Part

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Operation:
    """The rows of one operation, a part of what a job sends."""

    name: str
    rows: Part

    def rejects(self, kept: Rejects) -> "PartRejects":
        return PartRejects(kept, self.rows.first)


@dataclass
class PartRejects:
    """The rejects of a part, kept with the numbers that the rows have in the whole."""

    kept: Rejects
    first: int
    count: int = 0

    def keep(self, rows: "pa.RecordBatch", numbers: list[int], rule: str, reason: str) -> None:
        self.kept.keep(rows, [self.first + number for number in numbers], rule, reason)
        self.count += len(numbers)


def first_changed(compared: dict, *, apart: bool) -> int:
    """Return the number of the first row that a job may not send as added.

    Added and changed rows are mixed where neither has a file of its own.
    """
    sent = compared["sent"]
    return sent["added"] if apart or not sent["changed"] else 0


def parts_of(job: Job, rows: Rows) -> list[Operation]:
    """Return the operations that have rows to send."""
    found, first = [], 0
    for name in OPERATIONS:
        count = job.compared["sent"][name]
        if count:
            found.append(Operation(name, Part(rows, first, count)))
        first += count
    return found
