"""Make a backup while the console runs.

The database is copied first, then the files that the copy refers to: those never change. Whoever
deletes files, be it of tables that were replaced or of results past their time, waits meanwhile.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from console import VERSION, locks
from console.backups import archive, databases, sealing
from console.backups.errors import BackupError
from console.engines.differences import samples_of
from console.jobs.journal import PARTS, SUFFIX
from console.models import Pulse
from console.watch import BACKUP, look_at_backup

SQL_OF_TABLES = "SELECT CAST(files AS text) FROM console_table"
SQL_OF_DELIVERED = "SELECT path, CAST(unsure AS text) FROM console_delivered"
SQL_OF_DELIVERIES = "SELECT path FROM console_delivery WHERE path <> ''"
SQL_OF_RESULTS = "SELECT result_path, rejects_path, {} FROM console_job WHERE result_path <> ''"
# Those that a job which goes on may have sent a part of: other rows would not fit to it.
UNFINISHED = " AND status IN ('queued', 'running')"
SQL_OF_MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"
# Before an upgrade the database is older than this code: what these made is not there yet.
CHANGES, LOG = "console.0010_changes", "console.0011_who_got_what"
ALARMS = "console.0007_webhooks_and_alarms"
NAMED = 5  # missing files that are told by name


@dataclass(frozen=True)
class Made:
    """A backup that is done."""

    about: dict
    bytes: int

    @property
    def wrong(self) -> str:
        """What is not in it and should be."""
        missing = self.about["missing"]
        if not missing:
            return ""
        named = f"{', '.join(missing[:NAMED])}. Look at the disk of this server."
        if len(missing) == 1:
            told = "A file that a table or a job refers to is not there, and so not in the backup"
        else:
            told = f"{len(missing)} files that tables or jobs refer to are not there, and so not "
            told += "in the backup"
        return f"{told}: {named}"


def make(path: Path, *, results: bool = True, passphrase: str = "") -> Made:
    """Write a backup, under its name only once it is whole. With a passphrase, keys are in it."""
    if path.exists():
        raise BackupError(f"{path} is there already. Choose another name.")
    keys = sealing.sealed(passphrase) if passphrase else ""
    with trouble_told(path), locks.in_use(), one_at_a_time(), locks.held(locks.FILES, wait=True):
        about = written(path, results, keys)
    Pulse.objects.update_or_create(name=BACKUP, defaults={"at": about["taken_at"]})
    made = Made(about, path.stat().st_size)
    if ALARMS in about["migrations"]:
        look_at_backup(made.wrong, timezone.now())
    return made


@contextmanager
def one_at_a_time():
    with locks.held(locks.BACKUP, alone=True) as had:
        if not had:
            raise BackupError("Another backup of this console is being made. Wait for its end.")
        yield


@contextmanager
def trouble_told(path):
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise BackupError(f"No backup was made: {where}: {error.strerror or error}.") from None


def written(path, results, keys):
    copy = path.with_name(f".{path.name}.database")
    try:
        with partial(path) as file, databases.own().copied(copy) as ask:
            about, files = content(ask, results, bool(keys), timezone.now())
            writer = archive.Writer(file, about)
            writer.add_file(databases.own().FILE, copy)
            if keys:
                writer.add_text(archive.KEYS, keys)
            for name, source in files.items():
                writer.add_file(name, source)
            writer.close()
    finally:
        copy.unlink(missing_ok=True)
    return about


@contextmanager
def partial(path) -> Iterator:
    """Open a file that gets its name when it is whole, and is safely on the disk then."""
    clear(path.parent)
    draft = path.with_name(f".{path.name}.partial")
    try:
        with draft.open("xb") as file:
            draft.chmod(0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
            file.flush()
            os.fsync(file.fileno())
            draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def clear(folder):
    """Delete what backups left that were killed: nobody holds those files any more."""
    for draft in folder.glob(".*.partial"):
        with suppress(BlockingIOError, FileNotFoundError), draft.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.with_suffix(".database").unlink(missing_ok=True)
            draft.unlink()


def sync_folder(folder):
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def content(ask, results: bool, with_keys: bool, now: datetime) -> tuple[dict, dict[str, Path]]:
    """Return what the backup says of itself, and its files by their names in it."""
    migrations = [f"{app}.{name}" for app, name in ask(SQL_OF_MIGRATIONS)]
    files = dict(files_of(ask, results, migrations))
    missing = sorted(name for name, path in files.items() if not path.is_file())
    about = {
        "format": archive.FORMAT,
        "console": VERSION,
        "taken_at": now.isoformat(timespec="seconds"),
        "database": databases.own().FILE,
        "migrations": migrations,
        "results": results,
        "with_keys": with_keys,
        "keys": sealing.needed(),
        "missing": missing,
    }
    return about, {name: path for name, path in sorted(files.items()) if name not in missing}


def files_of(ask, results, migrations):
    for (text,) in ask(SQL_OF_TABLES):
        for file in json.loads(text):
            yield f"{archive.TABLES}/{file}", settings.TABLES_DIR / file
    if CHANGES in migrations:
        yield from delivered(ask)
    for (file,) in ask(SQL_OF_DELIVERIES) if LOG in migrations else ():
        yield f"{archive.DELIVERIES}/{file}", settings.DELIVERIES_DIR / file
    sql = SQL_OF_RESULTS.format("changes_path" if CHANGES in migrations else "''")
    for kept in ask(sql if results else sql + UNFINISHED):
        for file in [*filter(None, kept), *beside(kept[2] or kept[0])]:
            yield f"{archive.RESULTS}/{file}", settings.RESULTS_DIR / file


def delivered(ask):
    """Yield what receivers have, of exports of changes."""
    for path, unsure in ask(SQL_OF_DELIVERED):
        for file in filter(None, [path, *(each["path"] for each in json.loads(unsure))]):
            yield f"{archive.DELIVERED}/{file}", settings.DELIVERED_DIR / file


def beside(sent):
    """Return what is beside the rows that a job sends: journals, and samples of changes."""
    path = Path(sent)
    endings = [SUFFIX, *(f".{part}{SUFFIX}" for part in PARTS)]
    there = [*map(path.with_suffix, endings), samples_of(path)]
    return [str(file) for file in there if (settings.RESULTS_DIR / file).exists()]
