"""What differs between a result and what was delivered before: found in the engine's process."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from console.engines.process import ChildError, Workspace, out_of_memory, run_child
from console.engines.process import disk_trouble as trouble
from console.engines.statement import Limits, QueryError

SENT, SAMPLES, UNSURE = "output.parquet", "samples.parquet", "unsure.parquet"


@dataclass(frozen=True)
class KeyedFile:
    """A Parquet file of rows, and which of its columns are their key."""

    path: str
    key: list[int]
    skip: int = 0  # columns before those of the rows
    width: int | None = None  # columns of the rows; None is all
    gone_from: int = 1 << 52  # the first of the rows that were sent as removed


@dataclass(frozen=True)
class Wanted:
    """How the rows that differ are written."""

    send: dict[str, bool]  # added, changed, removed
    column: str = ""  # the column that tells the operation
    words: dict[str, str] = field(default_factory=dict)
    apart: bool = False  # one operation after the other, to be sent in files of their own
    everything: bool = False  # also what is the same


@dataclass(frozen=True)
class Compared:
    """How many rows differ, or why they cannot be compared."""

    counts: dict[str, int]  # added, changed, removed, same
    reshaped: bool  # whether the columns, not only their names, became others
    bad: dict | None = None  # what is wrong with the keys


@dataclass(frozen=True)
class Prior:
    """What the receiver has, and files of what was sent while nobody knows whether it came."""

    before: KeyedFile | None = None
    unsure: list[KeyedFile] = field(default_factory=list)

    def told(self):
        before = self.before and asdict(self.before)
        return {"before": before, "unsure": [asdict(each) for each in self.unsure]}

    def files(self):
        return [each.path for each in (self.before, *self.unsure) if each]


@dataclass(frozen=True)
class Running:
    """With what, and how long, a child may work."""

    limits: Limits
    stopped: Callable[[], bool] = lambda: False
    progress: Callable[[float], None] = lambda _: None


def compare(new: KeyedFile, prior: Prior, wanted: Wanted, output: Path, how: Running) -> Compared:
    """Write the rows that differ to `output`, and some of each kind beside it as samples."""
    request = {"work": "compare", "new": new.path, "key": new.key, "sent": True}
    request |= prior.told() | asdict(wanted)
    with Workspace(output) as workspace:
        answer = asked(request, workspace, [new.path, *prior.files()], how)
        compared = Compared(answer.get("counts", {}), answer.get("reshaped", False), answer["bad"])
        if compared.bad is None:
            (workspace.folder / SAMPLES).replace(samples_of(output))
            workspace.publish()
    return compared


def samples_of(output: Path) -> Path:
    """Return where the samples are of the rows in a file."""
    return output.with_suffix(".samples.parquet")


def settle(  # noqa: PLR0913 - what was sent is all of this.
    base: KeyedFile,
    prior: Prior,
    sent: KeyedFile,
    rejects: str | None,
    outputs: tuple[Path, Path],
    how: Running,
    *,
    onto: bool,
    no_answer: str,
) -> tuple[int, int]:
    """Write what the receiver has now, and the rows of which nobody knows. Return their numbers.

    `base` is the result that was sent; with `onto` it is what the receiver had before.
    """
    request = {"work": "settle", "base": base.path, "key": base.key, "sent": asdict(sent)}
    request |= prior.told() | {"rejects": rejects, "onto": onto, "no_answer": no_answer}
    files = [base.path, sent.path, *filter(None, [rejects]), *prior.files()]
    rows, unsure = outputs
    with Workspace(rows) as workspace:
        answer = asked(request, workspace, files, how)
        (workspace.folder / UNSURE).replace(unsure)
        workspace.publish()
    return answer["rows"], answer["unsure"]


def asked(request, workspace, files, how):
    request |= {"folder": str(workspace.folder), "read": sorted(set(files)), "trino": True}
    try:
        return run_child(request, limits=how.limits, stopped=how.stopped, progress=how.progress)
    except ChildError as error:
        raise told(error.found, how.limits) from None


def told(found, limits):
    """Return what a person is told of trouble in the child."""
    if found["type"] == "Out of Memory":
        return QueryError(out_of_memory(limits))
    if found["type"] == "IO":
        return QueryError(trouble(found["message"]))
    return QueryError(f"The result could not be compared: {found['message']}")
