"""What a page shows of changes: how many of which, and some of the rows with their old values."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from console.engines.differences import samples_of
from console.jobs.changes.approving import barred
from console.jobs.changes.wishes import OPERATIONS, Changes
from console.jobs.changes.words import counted, in_words, total
from console.jobs.results import shown, values
from console.models import Job
from integrations.rows import Rows

SHOWN = 8  # rows of each operation


class Cell(NamedTuple):
    """A value as a person reads it, and what it was where that is another one."""

    text: str | None
    before: str | None = None
    differs: bool = False


class Sample(NamedTuple):
    operation: str
    cells: list[Cell]


@dataclass(frozen=True)
class Looked:
    """What differs, as a page shows it."""

    compared: dict
    columns: list[str]
    samples: list[Sample]
    told: str
    waits: str = ""  # why a person has to look first

    @property
    def total(self) -> int:
        return total(self.compared)

    @property
    def counts(self) -> list[tuple[str, int, int]]:
        """Return each operation with how many rows there are of it, and how many are sent."""
        found, sent = self.compared["counts"], self.compared["sent"]
        return [(name, found[name], sent[name]) for name in OPERATIONS]

    @property
    def sent(self) -> str:
        return counted(self.compared["sent"])


def looked_at(job: Job) -> Looked | None:
    """Return what a job found to have changed, where that is known."""
    if job.changes is None or not job.compared:
        return None
    path = samples_of(Path(settings.RESULTS_DIR, job.changes_path))
    columns = [name for name, _ in job.result_columns][: job.compared["width"]]
    fixed = bool(job.compared.get("fixed"))
    samples = samples_in(path, columns) if job.changes_path and not fixed else []
    told = "These rows were to be sent before, and are sent again." if fixed else ""
    return Looked(job.compared, columns, samples, told or in_words(job.compared))


def samples_in(path: Path, columns: list[str]) -> list[Sample]:
    """Return some rows of each operation, of a file of samples; none where it is gone."""
    if not path.is_file():
        return []
    batches = Rows(path).portions()
    found = [sample for batch in batches for sample in samples_of_batch(batch, columns)]
    return [
        sample
        for name in OPERATIONS
        for sample in [each for each in found if each.operation == name][:SHOWN]
    ]


def samples_of_batch(batch, columns):
    """Yield the rows of a batch: the operation, the place, new values, old values."""
    width = len(columns)
    operations, _, *rest = [values(column) for column in batch.columns]
    texts = [[shown(value) for value in column] for column in rest]
    for at, number in enumerate(operations):
        new = [column[at] for column in texts[:width]]
        old = [column[at] for column in texts[width:]]
        changed = OPERATIONS[number] == "changed"
        cells = [cell(*pair, changed) for pair in zip(new, old, strict=True)]
        yield Sample(OPERATIONS[number], cells)


def cell(new, old, changed):
    return Cell(new, old, differs=True) if changed and new != old else Cell(new)


def who_may(job: Job) -> str:
    """Return who may release a held job, in a sentence."""
    if not barred(job):
        return "The owner of the job and the admins can do that."
    return (
        "Somebody else than who started it and who saved its query or its export last can do "
        "that: the owner of the job, or an admin."
    )


def rule_of(changes: dict) -> str:
    """Return what is sent of an export, in a few words."""
    wanted = Changes.of(changes)
    sent = [name for name, on in wanted.send.items() if on]
    return f"Only what was {' or '.join(sent)}, told apart by {' and '.join(wanted.key)}."
