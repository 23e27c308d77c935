"""Switch what a table consists of, in one transaction: readers see the old or the new table."""

from django.db import transaction

from console.models import Database, Table
from console.tables import log
from console.tables.files import is_of, let_go, paths, relative
from console.tables.names import AUDIENCE, ENGINE, TableChanged, TableError, check_name
from integrations.rows import Rows


def create_database(name, owner, *, audience=False, **fields):
    """Make a database. Only those of an audience are named as such."""
    check_new(name, audience=audience)
    return Database.objects.create(name=name, owner=owner, **fields)


def check_new(name, *, audience=False):
    """Raise TableError unless a database can be made that is called so."""
    check_name(name, "database")
    if name.startswith(AUDIENCE) and not audience:
        raise TableError(f"Names that begin with {AUDIENCE} are those of parent segments.")
    if name in ENGINE:
        raise TableError(f"{name} is a name of the engine's own: choose another one.")
    if name == log.DATABASE or Database.objects.filter(name=name).exists():
        raise TableError(f"There already is a database {name}.")


def create_from(database, name, path, columns, *, replace=False, run=""):
    """Make a table of one file in place, or put the file in place of a table's files.

    A table that has a file of the run stays as it is: here and in append(), that is done once.
    """
    check_name(name)
    with transaction.atomic():
        wait_for(database)
        table = locked(database, name)
        if table and has(table, run):
            return table
        if table and not replace:
            raise TableError(f"There already is a table {database.name}.{name}.")
        table = table or Table(database=database, name=name)
        let_go(table)
        table.columns = [list(column) for column in columns]
        table.files, table.rows, table.bytes = [], 0, 0
        add(table, path)
        table.save()
    return table


def append(database, name, path, columns, *, run=""):
    """Add a file with the table's columns to a table."""
    with transaction.atomic():
        table = locked(database, name)
        if table is None:
            raise TableError(f"There is no table {database.name}.{name} any more.")
        if has(table, run):
            return table
        if not same(table.columns, columns):
            raise TableChanged(f"The columns of {table} have changed meanwhile: try again.")
        add(table, path)
        table.save()
    return table


def put(database, name, path, columns, *, run, mode):
    """Give a table, which may be a new one, the file of a run: beside its others, or alone.

    What the table has of the same run goes: it is put there once. Where the mode is not replace,
    its columns have to be those of the file.
    """
    with transaction.atomic():
        wait_for(database)
        table = locked(database, name) or Table(database=database, name=name, columns=columns)
        if mode != "replace" and not same(table.columns, columns):
            raise TableChanged(f"The columns of {table} have changed meanwhile: try again.")
        table.columns = [list(column) for column in columns]
        others = [file for file in paths(table) if not is_of(file, run)]
        keep(table, others if mode == "append" else [])
        add(table, path)
        table.save()
    return table


def has(table, run):
    """Return whether a table has the rows of a run."""
    return any(is_of(file, run) for file in table.files)


def wait_for(database):
    """Of two that make the same table, let one wait."""
    list(Database.objects.select_for_update().filter(pk=database.pk).values_list("pk"))


def same(columns, others):
    return [tuple(column) for column in columns] == [tuple(column) for column in others]


def keep(table, files):
    """Let go of all files of a table but these."""
    if len(files) < len(table.files):
        let_go(table)
        table.files, table.rows, table.bytes = [], 0, 0
        for file in files:
            add(table, file)


def drop(database, name):
    """Remove a table. Its files stay until nobody can be reading them."""
    with transaction.atomic():
        table = locked(database, name)
        if table is None:
            raise TableError(f"There is no table {database.name}.{name}.")
        let_go(table)
        table.delete()


def locked(database, name):
    tables = Table.objects.select_for_update().select_related("database")
    return tables.filter(database=database, name=name).first()


def add(table, path):
    """Count a file in."""
    table.files.append(relative(path))
    table.rows += Rows(path).count
    table.bytes += path.stat().st_size
