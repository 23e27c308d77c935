"""Rows that a receiver hands back later, in a file with what is wrong with each.

They are found in the result by their values as they were sent, and become rejects of the job.
"""

import csv
import secrets
from collections import defaultdict
from io import TextIOWrapper
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.db import transaction

from console import locks
from console.jobs.changes.unsure import handed_back, note_unsure
from console.jobs.log import write
from console.jobs.rejects import KeptRejects, rejects_of
from console.jobs.results import sent_rows_of
from console.models import Job

if TYPE_CHECKING:
    import pyarrow as pa

RULE = "handed-back"
LARGEST = 64 << 20  # bytes of such a file
BETWEEN = "\x1f"  # no value that people write has this character


class BadFile(Exception):
    """A file is not one of rows that were handed back, or not of this job."""


def failure_column(job: Job) -> str:
    """Return the last column of such a file of the job; nothing where there can be none."""
    kind = job.authentication and job.authentication.connector
    if job.test:  # Nothing of it is imported.
        return ""
    delivered = job.status == Job.Status.SUCCESS and job.receipt and job.receipt["files"]
    return kind.failure_column if kind and delivered else ""


def mark(job: Job, file: BinaryIO, by: str) -> tuple[int, int]:
    """Make rejects of the rows in the file. Return how many were marked, and how many were not.

    BadFile: it is no such file, or none of its rows is one of the job's. NoResult: too late.
    """
    columns, reasons = failures_in(file, sent_rows_of(job).columns, failure_column(job))
    given = sum(map(len, reasons.values()))
    kept = KeptRejects(job)
    kept.path = kept.path.with_name(f"rejects-{secrets.token_hex(8)}.parquet")
    try:
        already = kept_again(job, kept)
        marked = found(job, columns, reasons, already, kept)
    finally:
        outcome = kept.close()
    if not marked:
        kept.path.unlink(missing_ok=True)
        raise BadFile("None of its rows is a row of this job that was delivered.")
    unsure = handed_back(job, kept.path, already) if job.changes else []
    line = f"{marked:,} of {given:,} rows of a file of failures marked by {by}."
    replace(job, outcome, line, unsure)
    return marked, given - marked


def failures_in(file, known, last) -> tuple[list[str], dict[str, list[str]]]:
    """Return the columns by which rows are found, and for each row its reasons."""
    lines = csv.reader(TextIOWrapper(file, "utf-8-sig", newline=""), strict=True)
    reasons = defaultdict(list)
    try:
        *columns, reason = next(lines, [""])
        check_header(columns, reason, known, last)
        for values in lines:
            if values and len(values) != len(columns) + 1:
                raise BadFile(f"Line {lines.line_num} has {len(values)} columns.")
            if values:
                reasons[BETWEEN.join(map(one_break, values[:-1]))].append(values[-1])
    except UnicodeDecodeError:
        raise BadFile("It is not a CSV file in UTF-8.") from None
    except csv.Error as error:
        raise BadFile(f"It is not a CSV file: {error}.") from None
    return columns, reasons


def check_header(columns, reason, known, last):
    if reason != last or not columns:
        raise BadFile(f"Its last column has to be called {last}.")
    if strange := [name for name in columns if name not in known]:
        raise BadFile(f"The result of this job has no column {strange[0]:.80}.")


def one_break(text):
    """Return the text with the line breaks that files have, whichever it had."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def kept_again(job, kept) -> set[int]:
    """Take over what was rejected before. Return the numbers of those rows."""
    numbers = set()
    if job.rejects_path:
        for batch in rejects_of(job).portions():
            kept.writer_for(batch.schema).write_batch(batch)
            kept.count += batch.num_rows
            numbers.update(batch.column(0).to_pylist())
    return numbers


def found(job, columns, reasons, already, kept) -> int:
    """Keep the rows of the result that are among the failures. Return how many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, before = sent_rows_of(job), kept.count
    exporter = job.authentication.connector({}, job.export)
    wanted, first = pa.array(list(reasons), "string"), 0
    for batch, sent in zip(rows.portions(), exporter.prepared(rows).portions(), strict=True):
        keys = keys_of(sent, columns)
        for place in pc.indices_nonzero(pc.is_in(keys, wanted)).to_pylist():
            waiting = reasons[keys[place].as_py()]
            if waiting and first + place not in already:
                row = batch.slice(place, 1)
                kept.keep(row, [first + place], RULE, waiting.pop(0))
        first += batch.num_rows
    return kept.count - before


def keys_of(batch: "pa.RecordBatch", columns: list[str]) -> "pa.Array":
    """Return the values of the columns as they stand in the file, joined."""
    import pyarrow.compute as pc

    from integrations.formats.text import text_of

    texts = [text_of(batch.column(batch.schema.names.index(name)), name) for name in columns]
    texts = [pc.cast(pc.replace_substring_regex(each, "\r\n|\r", "\n"), "string") for each in texts]
    return pc.binary_join_element_wise(
        *texts, BETWEEN, null_handling="replace", null_replacement=""
    )


def replace(job, outcome, line, unsure=()):
    """Let the job have these rejects in the place of those it had."""
    before = job.rejects_path
    with transaction.atomic():
        same = Job.objects.filter(pk=job.pk, rejects_path=before)
        if not same.update(**outcome):
            raise BadFile("Somebody marked rows of this job at the same time. Upload it again.")
        write(job, line)
        if unsure:
            note_unsure(job, unsure)
    if before:
        remove(before)


def remove(rejects):
    """Delete a file of rejects that others took the place of; while a backup is made, later."""
    with locks.held(locks.FILES, alone=True) as alone:
        if alone:
            (settings.RESULTS_DIR / rejects).unlink(missing_ok=True)
