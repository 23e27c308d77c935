"""Names of databases and tables in a statement."""

import re
from difflib import get_close_matches

from console.engines.statement import QueryError

WORD = re.compile(r"\w+")


def target(path, database):
    """Return (database, table) of the table a statement writes."""
    if len(path) > 2:
        raise QueryError(f"Write {'.'.join(path[-2:])}: a table's name has at most two parts.")
    name = [part.lower() for part in path]
    return (name[0], name[1]) if len(name) == 2 else (database, name[0])


def types_of(name, tables):
    """Return the columns of the table an INSERT adds to, or complain that there is none."""
    database, table = name
    source = tables.get(database, {}).get(table)
    if source is None:
        raise QueryError(missing(database, table, pairs(tables)))
    return tuple((column, kind) for column, kind in source.columns)


def mentioned(text, tables):
    """Return the tables whose names occur in a text: all it can read, and few others.

    Those on the Trino cluster are none of the embedded engine's.
    """
    words = {word.lower() for word in WORD.findall(text)}
    found = {
        database: {
            name: source for name, source in sources.items() if name in words and not source.remote
        }
        for database, sources in tables.items()
    }
    return {database: sources for database, sources in found.items() if sources}


def pairs(tables):
    """Return every (database, table) of a catalog."""
    return tuple((database, name) for database, sources in tables.items() for name in sources)


def elsewhere(database, table):
    """Say that a table is where this SQL does not reach."""
    return (
        f"{database}.{table} is on the Trino cluster, which understands Trino SQL alone: choose "
        "that."
    )


def missing(database, table, readable):
    """Say that a table cannot be read. Whether it exists is not said."""
    return (
        f"There is no table {database}.{table} that you may read.{hint(database, table, readable)}"
    )


def hint(database, table, readable):
    """Return a question that names the table that was probably meant, or nothing."""
    elsewhere = [pair for pair in readable if pair[1] == table]
    near = get_close_matches(table, [name for place, name in readable if place == database], 1)
    if near:
        return f" Did you mean {near[0]}?"
    return f" Did you mean {'.'.join(elsewhere[0])}?" if elsewhere else ""
