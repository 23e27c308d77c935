"""What the next run of a query would send of its last result, and the wish to send everything."""

import tempfile
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.conf import settings

from console import tables
from console.engines import Limits, QueryError
from console.engines.differences import KeyedFile, Running, Wanted, compare, samples_of
from console.jobs.changes.approving import why_waits
from console.jobs.changes.comparing import found_as_told
from console.jobs.changes.looking import Looked, samples_in
from console.jobs.changes.state import check_key, known_to
from console.jobs.changes.wishes import Changes, subject_of, token
from console.jobs.changes.words import bad_keys, keys_named, would
from console.jobs.results import rows_of
from console.models import Delivered, Job, Query
from integrations.errors import PermanentError
from integrations.rows import Rows
from integrations.rows.changed import Changed

SECONDS = 20
AT_ONCE = threading.BoundedSemaphore(2)  # of a web server


def next_run(query: Query, job: Job, authentication, export: dict, changes: dict) -> Looked:
    """Return what a run with the result of a job would send, with settings not saved yet.

    PermanentError, QueryError, NoResult: why that cannot be told.
    """
    wanted, columns = Changes.of(changes), job.result_columns
    check_key(wanted.key, columns)
    known = known_to(query, subject_of(authentication, export, changes), columns, wanted.key)
    names = [name for name, _ in columns]
    new = KeyedFile(str(rows_of(job).path), [names.index(name) for name in wanted.key])
    everything = wanted.everything != known.state.everything
    if not AT_ONCE.acquire(timeout=SECONDS):
        raise QueryError("Others compare results at the moment. Try it again in a minute.")
    try:
        with tempfile.TemporaryDirectory(dir=spill()) as folder:
            path = Path(folder, "changes.parquet")
            how = Wanted(wanted.send, everything=everything)
            found = compare(new, known.prior, how, path, Running(limits()))
            samples = [] if found.bad else samples_in(samples_of(path), names)
    finally:
        AT_ONCE.release()
    if found.bad:
        told = bad_keys(wanted.key, found.bad).replace("was", "would be")
        raise PermanentError(f"{told} {keys_named(wanted.key, found.bad)}".rstrip())
    again = authentication.connector({}, export).repeated()
    compared = found_as_told(wanted, known, found, new.key, columns, everything=everything)
    return Looked(compared, names, samples, would(compared), why_waits(wanted, compared, again))


def spill():
    settings.SPILL_DIR.mkdir(parents=True, exist_ok=True)
    return settings.SPILL_DIR


def limits() -> Limits:
    return replace(tables.limits(), seconds=SECONDS)


def as_added(rows: Rows, told_in: dict[str, str]) -> Rows | Changed:
    """Return the rows as the first run sends them: with the column that tells the operation."""
    taken = {name.lower() for name in rows.columns}
    wanted = {name: word for name, word in told_in.items() if name.lower() not in taken}
    return Changed(rows, partial(with_columns, wanted)) if wanted else rows


def with_columns(wanted, batch):
    import pyarrow as pa

    columns = [pa.repeat(word, batch.num_rows) for word in wanted.values()]
    names = [*batch.schema.names, *wanted]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], names=names)


def ask_for_everything(query: Query) -> bool:
    """Let the next run send also what is the same; or not, where that was asked. Return which."""
    met = Delivered.objects.filter(query=query).values_list("everything", flat=True).first() or ""
    wish = token() if query.changes.get("everything", "") == met else met
    query.changes = query.changes | {"everything": wish}
    query.save(update_fields=["changes", "updated_at"])
    return wish != met


def everything_is_asked(query: Query) -> bool:
    met = Delivered.objects.filter(query=query).values_list("everything", flat=True).first() or ""
    return bool(query.changes) and query.changes.get("everything", "") != met
