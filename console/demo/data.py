"""The rows of the demo: the same for the same number of customers and the same day."""

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from console.engines import types
from console.models import Database, Table
from console.tables import create_from
from console.tables.files import new_file

SQL = Path(__file__).with_name("data.sql")
TABLE = re.compile(r"^-- table: (\w+)\.(\w+)$", re.MULTILINE)
DATABASES = ("demo", "sample_datasets")


def write_demo(folder, customers=25_000, anchor=None):
    """Write the demo tables under `folder`; return {(database, table): (path, columns)}."""
    import duckdb  # only here: it takes a while to load, and the demo is made once

    text = SQL.read_text()
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE customers = $1", [customers])
        connection.execute("SET VARIABLE anchor = $1", [midnight(anchor)])
        connection.execute(text)
        return {name: save(connection, Path(folder), *name) for name in TABLE.findall(text)}


def midnight(day):
    """Return the epoch second a day begins, today by default."""
    day = day or datetime.now(UTC).date()
    return int(datetime.combine(day, time(), UTC).timestamp())


def save(connection, folder, database, table):
    """Write one table; return its file and its columns."""
    path = folder / database / f"{table}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"COPY {table} TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    described = connection.execute(f"DESCRIBE {table}").fetchall()
    return path, [(name, types.trino(kind)) for name, kind, *_ in described]


def load_demo(owner, customers=25_000, anchor: date | None = None):
    """Make the demo databases with their tables; what is there already stays as it is."""
    wanted = TABLE.findall(SQL.read_text())
    if all(Table.objects.filter(database__name=d, name=t).exists() for d, t in wanted):
        return
    settings.TABLES_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.TABLES_DIR, prefix=".demo-") as folder:
        for name, made in write_demo(folder, customers, anchor).items():
            load(owner, *name, *made)


def load(owner, place, name, path, columns):
    """Put one table into its database, unless it has it."""
    database, _ = Database.objects.get_or_create(name=place, defaults={"owner": owner})
    if not database.tables.filter(name=name).exists():
        create_from(database, name, path.rename(new_file(place, name)), columns)
