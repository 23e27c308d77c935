"""Switch what a table consists of, in one transaction: readers see the old or the new table."""

from django.db import transaction

from console.models import Database, Table
from console.tables.files import let_go, relative
from console.tables.names import TableError, check_name
from integrations.rows import Rows


def create_database(name, owner, **fields):
    """Make a database."""
    check_name(name, "database")
    if Database.objects.filter(name=name).exists():
        raise TableError(f"There already is a database {name}.")
    return Database.objects.create(name=name, owner=owner, **fields)


def create_from(database, name, path, columns, *, replace=False):
    """Make a table of one file in place, or put the file in place of a table's files."""
    check_name(name)
    with transaction.atomic():
        table = locked(database, name)
        if table and not replace:
            raise TableError(f"There already is a table {database.name}.{name}.")
        table = table or Table(database=database, name=name)
        let_go(table)
        table.columns = [list(column) for column in columns]
        table.files, table.rows, table.bytes = [], 0, 0
        add(table, path)
        table.save()
    return table


def append(database, name, path, columns):
    """Add a file with the table's columns to a table."""
    with transaction.atomic():
        table = locked(database, name)
        if table is None:
            raise TableError(f"There is no table {database.name}.{name} any more.")
        if [tuple(column) for column in table.columns] != [tuple(column) for column in columns]:
            raise TableError(f"The columns of {table} have changed meanwhile: try again.")
        add(table, path)
        table.save()
    return table


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
