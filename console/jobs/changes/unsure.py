"""Rows that a receiver hands back later: the next run sends their keys again."""

import secrets
from pathlib import Path

from console.jobs.changes.state import file_of, subject_of_job
from console.jobs.changes.wishes import is_of
from console.models import Delivered, Job
from integrations.rows import Rows

OWN = 3  # columns of a file of rejects before those of the rows; the second is the rule


def handed_back(job: Job, path: Path, rule: str) -> dict:
    """Keep the rows of a file of rejects that broke a rule as rows of which nobody knows."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    name = f"{job.query_id}/back-{job.pk}-{secrets.token_hex(8)}.parquet"
    rows, target = Rows(path), file_of(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(list(rows.schema)[OWN:])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in rows.portions():
            found = batch.filter(pc.equal(batch.column(1), rule))
            writer.write_batch(pa.RecordBatch.from_arrays(found.columns[OWN:], schema=schema))
    names = [each for each, _ in job.result_columns][: job.compared["width"]]
    return {"job": 0, "path": name, "skip": 0, "columns": names, "gone_from": 1 << 52}


def note_unsure(job: Job, entry: dict) -> None:
    """Let the next comparison send the rows again, if it is of the same destination."""
    state = Delivered.objects.select_for_update().filter(query=job.query_id).first()
    if state and is_of(state.subject, subject_of_job(job)):
        state.unsure = [*state.unsure, entry]
        state.save(update_fields=["unsure", "updated_at"])
