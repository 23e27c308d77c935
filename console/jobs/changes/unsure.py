"""Rows that a receiver hands back later: the next run sends their keys again."""

import secrets
from pathlib import Path

from console.jobs.changes.sending import first_changed
from console.jobs.changes.state import file_of, subject_of_job
from console.jobs.changes.wishes import Changes, is_of
from console.models import Delivered, Job
from integrations.rows import Rows

OWN = 3  # columns of a file of rejects before those of the rows; the first is the number
ALL_THERE = 1 << 52  # from which row on what was sent is not there


def handed_back(job: Job, path: Path, before: set[int]) -> list[dict]:
    """Keep the rows of a file of rejects, but for those of before, as rows of which nobody knows.

    What was sent as added is not there, and is added again. Of the others older values can be.
    """
    names = [each for each, _ in job.result_columns][: job.compared["width"]]
    entries = []
    for added, gone_from in ((True, 0), (False, ALL_THERE)):
        name = f"{job.query_id}/back-{job.pk}-{secrets.token_hex(8)}.parquet"
        if written(job, Rows(path), file_of(name), before, added=added):
            entry = {"job": 0, "path": name, "skip": 0, "columns": names}
            entries.append(entry | {"gone_from": gone_from})
    return entries


def written(job, rows, target, before, *, added) -> int:
    """Write the rows that were sent as added, or the others, and return how many that are."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    target.parent.mkdir(parents=True, exist_ok=True)
    known = pa.array(sorted(before), "int64")
    schema, count = pa.schema(list(rows.schema)[OWN:]), 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in rows.portions():
            mask = pc.equal(were_added(job, batch), added)
            mask = pc.and_not(mask, pc.is_in(batch.column(0), known))
            columns = batch.filter(mask).columns[OWN:]
            writer.write_batch(found := pa.RecordBatch.from_arrays(columns, schema=schema))
            count += found.num_rows
    if not count:
        target.unlink()
    return count


def were_added(job, batch):
    """Return which rows were sent as added, where their receiver can tell that at all."""
    import pyarrow.compute as pc

    wanted = Changes.of(job.changes)
    words = wanted.words
    if wanted.told_in and words["added"] != words["changed"]:
        return pc.equal(batch.column(OWN + job.compared["width"]), words["added"])
    return pc.less(batch.column(0), first_changed(job.compared, apart=wanted.apart))


def note_unsure(job: Job, entries: list[dict]) -> None:
    """Let the next comparison send the rows again, if it is of the same destination."""
    state = Delivered.objects.select_for_update().filter(query=job.query_id).first()
    if state and is_of(state.subject, subject_of_job(job)):
        state.unsure = [*state.unsure, *entries]
        state.save(update_fields=["unsure", "updated_at"])
