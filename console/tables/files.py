"""The Parquet files of tables: where they are, their first rows, and what is left over."""

import os
import time
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

from django.conf import settings

from console import locks
from console.models import Table
from console.tables import log
from integrations.rows import Rows

KEEP = timedelta(hours=24)  # files nobody refers to: a query that began earlier may read them


def paths(table):
    """Return where a table's files are, in order."""
    if log.is_log(table.database.name, table.name):
        return log.files()
    return [settings.TABLES_DIR / file for file in table.files]


def new_file(database, table, run=""):
    """Return a path for a new file of a table; its name says which run its rows are of."""
    folder = settings.TABLES_DIR / database / table
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{mark(run)}{uuid4().hex}.parquet"


def mark(run):
    return f"job-{run}-" if run else ""


def is_of(file, run):
    """Return whether the rows of a file are of this run."""
    return bool(run) and Path(file).name.startswith(mark(run))


def relative(path):
    return str(Path(path).relative_to(settings.TABLES_DIR))


def let_go(table):
    """Start the time for which the files of a table are kept though nothing refers to them."""
    for path in paths(table):
        with suppress(FileNotFoundError):
            os.utime(path)


def rows(table):
    """Yield the rows of a table as tuples of Python values, reading few at a time."""
    for path in paths(table):
        for portion in Rows(path).portions():
            yield from zip(*(column.to_pylist() for column in portion.columns), strict=True)


def head(table, n=20):
    """Return the first rows of a table."""
    return list(islice(rows(table), n))


def collect_garbage():
    """Delete files that no table refers to, once no query can be reading them. Return how many.

    While a backup is made none are deleted: it reads the files of tables as they were.
    """
    with locks.held(locks.FILES, alone=True) as alone:
        return delete_leftovers() if alone else 0


def delete_leftovers():
    kept = {file for files in Table.objects.values_list("files", flat=True) for file in files}
    age = max(KEEP.total_seconds(), 2 * settings.JOB_SECONDS)
    before = time.time() - age
    dropped = [path for path in leftovers(kept) if is_older(path, before)]
    for path in dropped:
        rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return len(dropped)


def is_older(path, before):
    """Return whether what is there is older: what a query spilled can vanish at any moment."""
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False


def leftovers(kept):
    """Yield what lies in the tables' folders and belongs to no table."""
    for path in settings.TABLES_DIR.glob("*/*/*"):
        if relative(path) not in kept:
            yield path
    yield from settings.SPILL_DIR.glob(".*.part")  # of children that were killed
