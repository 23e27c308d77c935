"""`td db:list`, `db:create`, `table:list` and `table:import`."""

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings

from console import tables
from console.models import Database
from console.tables.imports import KINDS, ImportFailed, import_file, kind_of, sniff
from console.td import options, rendering
from console.td.errors import Refused
from console.td.queries import database_named

DATABASE_FIELDS = ["Name", "Count"]
TABLE_FIELDS = ["Database", "Table", "Type", "Count", "Size", "Last import", "Last log timestamp"]
TABLE_FIELDS += ["Schema"]


def list_databases(asked, owner, out):
    rows = [
        {"Name": name, "Count": counted(found.values())}
        for name, found in sorted(tables.readable(owner).items())
    ]
    out.write(rendering.listing(rows, DATABASE_FIELDS, asked.format) + "\n")
    if not rows:
        out.write("There are no databases.\n")
        out.write("Use 'td db:create <db_name>' to create a database.\n")
    return 0


def counted(tables):
    """Return how many rows are known; of tables on the Trino cluster nobody knows."""
    return None if any(each.database.remote for each in tables) else sum(t.rows for t in tables)


def create_arguments(parser):
    parser.add_argument("db")


def create_database(asked, owner, out):
    try:
        tables.create_database(asked.db, owner)
    except tables.TableError as error:
        raise Refused(str(error)) from None
    out.write(f"Database '{asked.db}' is created.\n")
    out.write(
        f"Use 'td table:import {asked.db} <table_name> <file> --auto-create-table'"
        " to create a table.\n"
    )
    return 0


def list_arguments(parser):
    parser.add_argument("db", nargs="?")
    parser.add_argument("-n", "--num_threads", metavar="VAL", help="accepted, without effect here")
    parser.add_argument("--show-bytes", action="store_true", help="show table size in bytes")
    options.format_option(parser)


def list_tables(asked, owner, out):
    if asked.db:
        database_named(asked.db, owner)
    found = tables.readable(owner)
    rows = [
        row_of(table, asked)
        for database in ([asked.db] if asked.db else sorted(found))
        for _, table in sorted(found[database].items())
    ]
    out.write(rendering.listing(rows, TABLE_FIELDS, asked.format) + "\n")
    if not rows:
        out.write(
            f"Database '{asked.db}' has no tables.\n" if asked.db else "There are no tables.\n"
        )
        out.write("Use 'td table:import <db> <table> <file> --auto-create-table' to create one.\n")
    return 0


def row_of(table, asked):
    drawn = asked.format in (None, "table")
    remote = table.database.remote
    size = f"{table.bytes:,}" if asked.show_bytes else rendering.size(table.bytes)
    return {
        "Database": table.database.name,
        "Table": table.name,
        "Type": "log",
        "Count": None if remote else f"{table.rows:,}" if drawn else table.rows,
        "Size": None if remote else size,
        "Last import": rendering.local(table.updated_at),
        "Last log timestamp": None,
        "Schema": ", ".join(f"{name}:{kind}" for name, kind in table.columns),
    }


def import_arguments(parser):
    add = parser.add_argument
    add("db")
    add("table")
    add("files", nargs="+", metavar="FILE", help="files to import; - reads stdin")
    add("--format", metavar="FORMAT", help="csv, tsv, json or parquet; else by the file's name")
    add("--json", dest="format", action="store_const", const="json", help="same as --format json")
    for kind in ("apache", "syslog", "msgpack"):
        add(f"--{kind}", dest="format", action="store_const", const=kind, help="not supported")
    add("-t", "--time-key", metavar="COL_NAME", help="name of the time column, when it is not time")
    add("--auto-create-table", action="store_true", help="create table and database if needed")


def import_files(asked, owner, out):
    """Import each file, whole or not at all."""
    check_table(asked.table)
    database = database_to_fill(asked, owner, out)
    for name in asked.files:
        with local_file(name) as path:
            before = rows_of(database, asked.table)
            out.write(f"importing {name}...\n")
            import_one(database, asked, path, out)
            out.write(f"imported {rows_of(database, asked.table) - before} entries from {name}.\n")
    out.write("done.\n")
    return 0


def check_table(name):
    """Refuse a name before anything is made for it."""
    try:
        tables.check_name(name)
    except tables.TableError as error:
        raise Refused(str(error)) from None


def database_to_fill(asked, owner, out):
    if asked.auto_create_table and not Database.objects.filter(name=asked.db).exists():
        create_database(asked, owner, out)
    database = database_named(asked.db, owner)
    if not tables.can_write(owner, database):
        raise Refused(f"{owner.username} may not write to database '{asked.db}'.")
    if not (asked.auto_create_table or database.tables.filter(name=asked.table).exists()):
        raise Refused(
            f"Table '{asked.db}.{asked.table}' does not exist.\n"
            "Use --auto-create-table to create it."
        )
    return database


def import_one(database, asked, path, out):
    exists = database.tables.filter(name=asked.table).exists()
    try:
        kind = kind_named(asked.format, path)
        columns = renamed(sniff(path, kind).columns, asked.time_key)
        mode = "append" if exists else "create"
        import_file(database, asked.table, path, kind=kind, mode=mode, columns=columns)
    except (tables.TableError, ImportFailed) as error:
        raise Refused(f"{path.name}: {error}") from None
    if not exists:
        out.write(f"Table '{asked.db}.{asked.table}' is created.\n")


def kind_named(form, path):
    """Return the kind of a file: as the option says, or else by its name."""
    kind = "jsonl" if form == "json" else form or kind_of(path.name)
    if kind in KINDS:
        return kind
    what = f"'{form}' cannot be imported" if form else f"The format of {path.name} is not known"
    raise Refused(f"{what}; use --format with csv, tsv, json or parquet.")


def renamed(columns, time_key):
    """Return the columns with the one that holds the time named `time`."""
    if time_key and time_key not in [name for name, _ in columns]:
        raise Refused(f"There is no column '{time_key}' to be the time.")
    return [("time" if name == time_key else name, kind) for name, kind in columns]


def rows_of(database, table):
    return database.tables.filter(name=table).values_list("rows", flat=True).first() or 0


@contextmanager
def local_file(name):
    """Give the path of a file, with stdin kept in one for as long as it is read."""
    if name != "-":
        path = Path(name)
        if not path.is_file():
            raise Refused(f"There is no file {name}.")
        yield path
        return
    with NamedTemporaryFile(dir=settings.UPLOADS_DIR) as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Path(file.name)
