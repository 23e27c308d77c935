"""Rows that were not delivered: kept beside the result of their job, and shown."""

import threading
from collections import Counter
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

from console.jobs.results import (
    NoResult,
    csv_of,
    shown,
    snapshot_of,
    text_of,
    values,
)
from console.models import Job
from integrations.delivery import NO_ANSWER
from integrations.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER, RULE, REASON = OWN = ("#row", "#rule", "#reason")  # columns before those of the result


class KeptRejects:
    """The rejects of one attempt at a job, written to a file as they come, from any thread."""

    def __init__(self, job: Job):
        self.path = snapshot_of(job).with_name(f"rejects-{job.worker or 0}.parquet")
        self.count = 0
        self.writer = None
        self.lock = threading.Lock()

    def keep(self, rows: "pa.RecordBatch", numbers: list[int], rule: str, reason: str) -> None:
        """Keep rows with their numbers in the result, from 0."""
        import pyarrow as pa

        count = rows.num_rows
        own = [pa.array(numbers, "int64"), pa.repeat(rule, count), pa.repeat(reason, count)]
        batch = pa.RecordBatch.from_arrays(own + rows.columns, names=[*OWN, *rows.schema.names])
        with self.lock:
            self.writer_for(batch.schema).write_batch(batch)
            self.count += count

    def writer_for(self, schema):
        if self.writer is None:
            import pyarrow.parquet as pq

            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = pq.ParquetWriter(self.path, schema, compression="zstd")
        return self.writer

    def numbers(self, rule: str = "") -> list[int]:
        """Return the numbers of what was kept, or of what broke a rule; once it is closed."""
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        if self.writer is None:
            return []
        kept = pq.read_table(self.path, columns=[NUMBER, RULE])
        kept = kept.filter(pc.equal(kept[RULE], rule)) if rule else kept
        return kept[NUMBER].unique().to_pylist()

    def close(self) -> dict:
        """Return the fields of the job that say what was kept."""
        if self.writer is None:
            return {"rejected": 0, "rejects_path": ""}
        self.writer.close()
        kept = str(self.path.relative_to(settings.RESULTS_DIR))
        return {"rejected": self.count, "rejects_path": kept}


class Reject(NamedTuple):
    number: int  # of the row in the result, from 1
    reason: str
    values: list[str | None]
    column: str = ""  # the one that the reason is about, where it begins with its name
    wrong: str | None = None  # its value


def rejects_of(job: Job) -> Rows:
    """Return the file of a job's rejects. Raise NoResult where there is none any more."""
    path = Path(settings.RESULTS_DIR, job.rejects_path)
    if not job.rejects_path or not path.is_file():
        raise NoResult(f"The rejected rows of job {job.pk} are not kept any more.")
    return Rows(path)


def first_rejects(job: Job, limit: int = 50) -> list[Reject]:
    """Return some rejects as a page shows them."""
    rows = rejects_of(job)
    names = rows.columns[len(OWN) :]
    return [with_wrong(each, names) for each in islice(each_reject(rows, shown), limit)]


def with_wrong(reject: Reject, names: list[str]) -> Reject:
    """Return the reject with the value that is wrong."""
    said = [name for name in names if reject.reason.startswith(f"{name} ")]
    if not said:
        return reject
    column = max(said, key=len)
    return reject._replace(column=column, wrong=reject.values[names.index(column)])


def each_reject(rows: Rows, as_text) -> Iterator[Reject]:
    """Yield the rejects by the number of their row.

    Each reason has row groups of its own, in which the numbers rise: they are merged, and a group
    is read once the numbers come to its first. So no more of them are open than lie side by side.
    """
    groups = enumerate(zip(first_numbers(rows), rows.groups(), strict=True))
    waiting = [(first, at, None, listed(group, as_text)) for at, (first, group) in groups]
    heapify(waiting)
    while waiting:
        _, at, reject, group = heappop(waiting)
        if reject:
            yield reject
        if reject := next(group, None):
            heappush(waiting, (reject.number, at, reject, group))


def first_numbers(rows: Rows) -> list[int]:
    """Return the number of the first row of each row group, as rejects count them."""
    groups = map(rows.metadata.row_group, range(rows.metadata.num_row_groups))
    return [group.column(0).statistics.min + 1 for group in groups]


def listed(portions, as_text) -> Iterator[Reject]:
    for batch in portions:
        number, _, reason, *columns = [values(column) for column in batch.columns]
        cells = zip(*([as_text(value) for value in column] for column in columns), strict=True)
        for at, why, row in zip(number, reason, cells, strict=True):
            yield Reject(at + 1, why, list(row))


def reasons(job: Job) -> list[tuple[str, int]]:
    """Return how many rows were rejected for each reason, the most frequent first."""
    count = Counter()
    for batch in rejects_of(job).portions(dictionaries=True):
        for found in batch.column(2).value_counts().to_pylist():
            count[found["values"]] += found["counts"]
    return count.most_common()


def rejects_csv(job: Job) -> Iterator[bytes]:
    """Yield all rejects as CSV: the number of the row, what is wrong, and its values."""
    rows = rejects_of(job)
    yield csv_of([["row", "reason", *rows.columns[len(OWN) :]]])
    for reject in each_reject(rows, text_of):
        yield csv_of([[reject.number, reject.reason, *reject.values]])


def broke_rules(job: Job) -> bool:
    """Return whether no reject was sent at all, as each broke a rule of the connector."""
    return rules_of(job).issubset(rule.name for rule in job.authentication.connector.contract)


def may_be_there(job: Job) -> bool:
    """Return whether nobody knows of some rejects whether they were delivered."""
    return NO_ANSWER in rules_of(job)


def rules_of(job: Job) -> set[str]:
    """Return the rules that the rejects broke, by name; what else kept them back is one too."""
    import pyarrow.parquet as pq

    rules = pq.read_table(rejects_of(job).path, columns=[RULE], read_dictionary=[RULE])
    return set(rules[RULE].unique().to_pylist())
