"""Rows that were not delivered: kept beside the result of their job, shown, and sent again."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from console.jobs.changes.wishes import Changes
from console.jobs.log import write
from console.jobs.results import (
    NoResult,
    changes_of,
    csv_of,
    sent_rows_of,
    shown,
    snapshot_of,
    text_of,
    values,
)
from console.jobs.retrying import copy_of, link, one_at_a_time, retry
from console.jobs.submission import sent
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


def can_resend(job: Job) -> bool:
    """Return whether the rejects can be sent by themselves, without replacing what was."""
    sent = job.status == Job.Status.SUCCESS or job.sent_bytes  # Else the others are not there.
    return bool(job.rejects_path and job.finished and sent and adds(job))


def adds(job: Job) -> bool:
    """Return whether another delivery of the job's export replaces nothing that is there."""
    return bool(job.authentication) and job.authentication.connector({}, job.export).adds()


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


def resend_once(job: Job, by: User, *, once_more: bool = False, copy=None) -> tuple[Job, bool]:
    """Send the rejects of a job, unless that is under way, or done and not asked for once more.

    Return the job that does it, and whether it is new. `copy` writes them as a result, where that
    is not to have them as they are.
    """
    with one_at_a_time(job):
        last = job.resends.order_by("pk").last()
        if last and not last.finished:
            return last, False
        if last and last.status == Job.Status.SUCCESS and not once_more:
            return last, False
        if last and last.sent_bytes and last.status != Job.Status.SUCCESS and not copy:
            return retry(last, by), True  # What of it was delivered is not sent again.
        return resend(job, by, copy), True


def resent_by(job: Job) -> Job | None:
    """Return the job that has sent the rejects of a job again."""
    return job.resends.filter(status=Job.Status.SUCCESS).order_by("pk").last()


def resend(job: Job, by: User, copy: Callable[[Rows, Path], int] | None = None) -> Job:
    """Make a job whose result is the rejects of another, with the query's export as it is now."""
    copy = copy or copied
    rows = rejects_of(job)
    with transaction.atomic():
        again = copy_of(job, by)
        again.resend_of = job
        if job.query and job.query.authentication_id == job.authentication_id:
            again.export = job.query.export
        again = sent(again)
        write(again, f"The rejected rows of job {job.pk} again, started by {by.username}.")
        path = snapshot_of(again)
        again.rows = copy(rows, path) if job.changes is None else changes_copied(job, again, rows)
        again.result_path = str(path.relative_to(settings.RESULTS_DIR))
        again.result_columns, again.result_bytes = columns_of(job), path.stat().st_size
        again.save(update_fields=["rows", "result_path", "result_columns", "result_bytes"])
    return again


def columns_of(job):
    """Return the columns of what was sent."""
    if job.changes is None or not (column := Changes.of(job.changes).told_in):
        return job.result_columns
    return [*job.result_columns[: job.compared["width"]], [column, "varchar"]]


def changes_copied(job, again, rows) -> int:
    """Write what was rejected of the changes of a job as it was to be sent, for another job."""
    found = (batch.column(0).to_pylist() for batch in rows.portions())
    numbers = sorted({number for each in found for number in each})
    path, sent = changes_of(again), sent_rows_of(job)
    picked(sent, numbers, path)
    link(path, snapshot_of(again))
    again.changes_path = str(path.relative_to(settings.RESULTS_DIR))
    again.compared = picked_of(job.compared, numbers, apart=Changes.of(job.changes).apart)
    again.save(update_fields=["changes_path", "compared"])
    return len(numbers)


def picked_of(compared, numbers, *, apart):
    """Return what a job is told of changes that are some of another's."""
    sent, gone_from = compared["sent"], compared["gone_from"]
    added = sum(number < sent["added"] for number in numbers) if apart else 0
    there = sum(number < gone_from for number in numbers)
    few = {"added": added, "changed": there - added, "removed": len(numbers) - there}
    return compared | {"fixed": True, "basis": "", "sent": few, "gone_from": there}


def picked(rows, numbers, path):
    """Write the rows with these numbers, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = pa.array(numbers, "int64")
    # A column without NULL is declared so in a file, and not in what is read of it.
    schema = pa.schema([(field.name, field.type) for field in rows.schema])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for at, batch in rows.numbered():
            columns = batch.filter(pc.is_in(at, wanted)).columns
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def copied(rows, path) -> int:
    """Write the values of rejects as a result, and return how many rows that are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(list(rows.schema)[len(OWN) :])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in rows.portions():
            columns = batch.columns[len(OWN) :]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return rows.count
