"""Tests of an export: the first rows of a query, really delivered with settings not saved yet.

A test is a job of no query, so nothing that asks for the runs of one finds it: neither what runs
after it, nor what counts runs, compares with them or tells of them.
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from console.jobs.changes.comparing import check_column
from console.jobs.changes.state import check_key
from console.jobs.changes.wishes import Changes
from console.jobs.submission import made, zone_of
from console.models import Job, Query
from console.tables import Outcome
from integrations.connectors.base import Connector
from integrations.connectors.few_rows import MOST, FewRows, no_test
from integrations.connectors.files import FileConnector
from integrations.models import Authentication
from integrations.rows import Rows

# The version before may still be at work, and would send all rows to where the real ones go.
NO_RUN = (
    "SELECT fail('This is a test of an export, and this version of the console knows none. Wait "
    "until the new one alone is at work, and test once more.')"
)
OF_NOW = {"since", "everything", "by"}
TOLD_WRONG = no_test(
    "Only what changed is sent: five rows would be sent as added though they may not be, and no "
    "run would put that right."
)
NONE_ADDED = no_test(
    "Rows that were added are not sent, and those of a test are sent as if they had been."
)


class Entered(NamedTuple):
    """An export as it was entered, which need not be saved."""

    authentication: Authentication
    settings: dict
    changes: dict | None = None  # how to send only what changed


def new_test(query: Query, export: Entered) -> Job:
    """Return a new job that sends the first rows of a saved query, with the rights of its owner.

    Somebody waits for it: it is not tried again by itself.
    """
    job = made(
        NO_RUN,
        database=query.database.name,
        owner=query.owner,
        engine=query.engine,
        name=f"Test with {MOST} rows: {query.name}"[:255],
        authentication=export.authentication,
        export=export.settings,
        priority=query.priority,
        about=query.about,
        test={
            "rows": MOST,
            "of": query.get_absolute_url(),
            "sql": query.sql,
            "changes": lasting(export.changes),
        },
    )
    job.query_version, job.timezone = query.version, zone_of(None, query)
    return job


def few_rows(connector: Connector, changes: dict | None) -> FewRows:
    """Return what a test of an export does, or why there is none.

    Of changes, five rows can be a file of their own, and nothing that a receiver acts on.
    """
    few = connector.few_rows()
    if not (few.offered and changes):
        return few
    if not isinstance(connector, FileConnector):
        return TOLD_WRONG
    return few if Changes.of(changes).added else NONE_ADDED


def lasting(changes: dict | None) -> dict | None:
    """Return what is the same each time the same is entered."""
    return changes and {name: changes[name] for name in changes.keys() - OF_NOW}


def wanted_of(job: Job) -> Changes | None:
    """Return how the export that a test tries sends only what changed, if it does."""
    changes = job.test and job.test["changes"]
    return Changes.of(changes) if changes else None


def part_for(changes: dict | None) -> str:
    """Return the part that a test sends: as in a first run, all rows are added."""
    return "added" if changes and Changes.of(changes).apart else ""


def told_as_added(job: Job, result: Outcome, path: Path) -> Outcome:
    """Let the rows of a test tell their operation as they would in a first run.

    PermanentError: the result has no such key, or a column of that name already.
    """
    wanted = wanted_of(job)
    if wanted is None:
        return result
    check_key(wanted.key, result.columns)
    if not wanted.told_in:
        return result
    check_column(wanted, [name for name, _ in result.columns])
    add_column(path, wanted.told_in, wanted.words["added"])
    columns = [*result.columns, (wanted.told_in, "varchar")]
    return replace(result, columns=columns, bytes=path.stat().st_size)


def add_column(path: Path, name: str, word: str) -> None:
    """Write a file of few rows anew, with a column that has the same word in each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, whole = Rows(path), path.with_suffix(".whole")
    schema = pa.schema([*rows.schema, pa.field(name, "string")])
    with pq.ParquetWriter(whole, schema, compression="zstd") as writer:
        for batch in rows.portions():
            columns = [*batch.columns, pa.repeat(word, batch.num_rows)]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    whole.replace(path)
