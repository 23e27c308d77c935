"""Import uploaded files into tables."""

from django.conf import settings

from console.engines import imports
from console.engines.imports import KINDS, ImportFailed, Sniff, kind_of
from console.tables import store
from console.tables.files import new_file
from console.tables.names import NAME, TableError, check_name
from console.tables.statements import kept_if_used, limits

__all__ = ["KINDS", "ImportFailed", "Sniff", "import_file", "imported", "kind_of", "sniff"]


def sniff(path, kind, *, header=None):
    """Return columns, types and first rows of a file; raise ImportFailed when it is broken.

    `header` says whether the first line of a CSV or TSV file holds names; None finds out.
    """
    return imports.sniff(
        path, kind, folder=settings.SPILL_DIR, header=header, limits=limits(), max_mb=largest()
    )


def largest():
    """Return how large, in MB, an unpacked upload may be."""
    return 4 * settings.UPLOAD_MAX_MB


def imported(database, name, run):
    """Return the table where it has the rows of an import of this name already, or None."""
    table = database.tables.filter(name=name).first()
    return table if table and store.has(table, run) else None


def import_file(database, name, path, *, kind, mode="create", run="", **reading):
    """Import a file into a table and return the table, or change nothing and say why.

    `mode` is create, append (the file's columns go to the table's by name) or replace. A table
    has the rows of one `run`, where that has a name, once.
    `reading`: `columns`, the (name, Trino type) of every column of the file, as sniffed or as
    changed by a person; `header` as for sniff(). Raises TableError or ImportFailed.
    """
    check_name(name)
    if run and (table := imported(database, name, run)):
        return table
    table = database.tables.filter(name=name).first()
    if mode == "create" and table:
        raise TableError(f"There already is a table {table}.")
    if mode == "append" and table is None:
        raise TableError(f"There is no table {database.name}.{name} to add to.")
    check_columns(reading.get("columns", ()))
    into = table.columns if mode == "append" else ()
    file = new_file(database.name, name, run)
    with kept_if_used(file):
        reading |= {"limits": limits(), "max_mb": largest()}
        columns = imports.convert(path, kind, file, into=into, **reading).columns
        if mode == "append":
            return store.append(database, name, file, columns, run=run)
        replace = mode == "replace"
        return store.create_from(database, name, file, columns, replace=replace, run=run)


def check_columns(columns):
    """Raise TableError unless every column has a name of its own that a query can use."""
    names = [name for name, _ in columns]
    for name in names:
        if not NAME.fullmatch(name.ljust(3, "_")):
            rule = "use lower-case letters, digits and underscores"
            raise TableError(f"'{name}' cannot be the name of a column: {rule}.")
        if names.count(name) > 1:
            raise TableError(f"Two columns are named '{name}'.")
