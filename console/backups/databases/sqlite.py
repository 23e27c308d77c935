"""SQLite: its own online backup makes a copy of one moment, while others write."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection, transaction

from console.backups.errors import BackupError

FILE = "console.sqlite3"
TIMEOUT = 20  # seconds to wait where another process has the database alone


@contextmanager
def copied(path: Path) -> Iterator[Callable[[str], list[tuple]]]:
    """Copy the database to the path. Yield a function that asks the copy."""
    original = sqlite3.connect(connection.settings_dict["NAME"], timeout=TIMEOUT)
    try:
        with closing(original), closing(sqlite3.connect(path)) as copy:
            original.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without others beside it
            yield lambda sql: copy.execute(sql).fetchall()
    except sqlite3.Error as error:
        raise BackupError(f"The database could not be copied: {error}.") from None


def is_there() -> bool:
    """Return whether a console has used the database."""
    return Path(connection.settings_dict["NAME"]).exists()


@contextmanager
def loaded(folder: Path, aside: str) -> Iterator[None]:
    """Let the copy in the folder be the database while the block runs; it is moved afterwards."""
    connection.close()
    usual = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = folder / FILE
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def files() -> list[Path]:
    """Return the files of the database as they are now."""
    path = Path(connection.settings_dict["NAME"])
    return sorted(path.parent.glob(f"{path.name}*"))


def files_of(folder: Path) -> list[Path]:
    """Return the files of the copy in a folder."""
    return sorted(folder.glob(f"{FILE}*"))


@transaction.atomic
def skip_numbers(table: str, how_many: int) -> None:
    """Give so many numbers to no row of the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = %s", [table])
        [last] = cursor.fetchone()
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
        next_ones = [table, (last or 0) + how_many]
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", next_ones)
