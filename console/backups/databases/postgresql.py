"""PostgreSQL: pg_dump makes a copy of one moment, and pg_restore brings it back."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import Error, connection, transaction

from console.backups.errors import BackupError

FILE = "console.pgdump"
SCHEMA = "public"


@contextmanager
def copied(path: Path) -> Iterator[Callable[[str], list[tuple]]]:
    """Copy the database to the path. Yield a function that asks it as it is in the copy."""
    program = found("pg_dump")
    told = trouble_told("copied")
    with told, transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        [snapshot] = cursor.fetchone()
        how = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={SCHEMA}"]
        run([program, *how, f"--snapshot={snapshot}", f"--file={path}", address()])

        def ask(sql):
            cursor.execute(sql)
            return cursor.fetchall()

        yield ask


@contextmanager
def trouble_told(done):
    try:
        yield
    except Error as error:
        raise BackupError(f"The database could not be {done}: {error}".strip()) from None


def is_there() -> bool:
    """Return whether there is anything in the database."""
    return bool(connection.introspection.table_names())


@contextmanager
def loaded(folder: Path, aside: str) -> Iterator[None]:
    """Let the copy in the folder be the database. What was there goes aside, or is put back."""
    program = found("pg_restore")
    with trouble_told("moved aside"):
        execute(f'ALTER SCHEMA {SCHEMA} RENAME TO "{aside}"', f"CREATE SCHEMA {SCHEMA}")
    try:
        how = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        run([program, *how, f"--schema={SCHEMA}", f"--dbname={address()}", folder / FILE])
        yield
    except BaseException:
        execute(f"DROP SCHEMA {SCHEMA} CASCADE", f'ALTER SCHEMA "{aside}" RENAME TO {SCHEMA}')
        raise
    drop_if_empty(aside)


def files() -> list[Path]:
    """Return its files under the home: there are none."""
    return []


def files_of(folder: Path) -> list[Path]:
    return []


def skip_numbers(table: str, how_many: int) -> None:
    """Give so many numbers to no row of the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        [sequence] = cursor.fetchone()
        cursor.execute("SELECT setval(%s, nextval(%s) + %s)", [sequence, sequence, how_many])


def execute(*statements):
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop_if_empty(schema):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [schema])
        [tables] = cursor.fetchone()
    if not tables:
        execute(f'DROP SCHEMA "{schema}" CASCADE')


def found(program):
    path = shutil.which(program)
    if path is None:
        raise BackupError(
            f"{program} is not installed here, and without it a database of PostgreSQL cannot be "
            "copied. Install the client of the server's version: apt install postgresql-client."
        )
    return path


def address():
    """Return the address of the database for the programs of PostgreSQL, without the password."""
    from psycopg.conninfo import make_conninfo

    known = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "NAME"}
    parts = {name: str(known[key]) for name, key in names.items() if known[key]}
    return make_conninfo(**parts, **known["OPTIONS"])


def run(command):
    """Run a program of PostgreSQL. The password goes by the environment: others see arguments."""
    environ = os.environ | {"PGPASSWORD": connection.settings_dict["PASSWORD"]}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise BackupError(f"{Path(command[0]).name} failed: {lines[-1]}")
