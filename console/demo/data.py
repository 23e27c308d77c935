"""The rows of the demo: the same for the same number of customers and the same day."""

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from django.conf import settings

from console import engines
from console.models import Database
from console.tables import create_from
from console.tables.files import new_file

SQL = Path(__file__).with_name("data.sql")
TABLE = re.compile(r"^-- table: (\w+)\.(\w+)$", re.MULTILINE)


def write_demo(folder, customers=25_000, anchor=None):
    """Write the demo tables to `folder`/<database>/<table>.parquet and return their paths."""
    text = SQL.read_text()
    names = TABLE.findall(text)
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE customers = $1", [customers])
        connection.execute("SET VARIABLE anchor = $1", [midnight(anchor)])
        connection.execute(text)
        return {name: save(connection, Path(folder), *name) for name in names}


def midnight(day):
    """Return the epoch second a day begins, today by default."""
    day = day or datetime.now(UTC).date()
    return int(datetime.combine(day, time(), UTC).timestamp())


def save(connection, folder, database, table):
    path = folder / database / f"{table}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"COPY {table} TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


def load_demo(owner, customers=25_000, anchor: date | None = None):
    """Make the demo databases with their tables; what is there already is left as it is."""
    with TemporaryDirectory(dir=settings.TABLES_DIR, prefix=".demo-") as folder:
        if not TABLE.findall(SQL.read_text()):
            return
        for (place, name), path in write_demo(folder, customers, anchor).items():
            database, _ = Database.objects.get_or_create(name=place, defaults={"owner": owner})
            if not database.tables.filter(name=name).exists():
                file = path.rename(new_file(place, name))
                create_from(database, name, file, engines.columns_of(file))
