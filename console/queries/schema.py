"""The names a person may write in a query: databases, tables, columns."""

from itertools import islice

from console.queries.samples import DATABASE
from console.tables import log, readable, readable_databases
from console.tables.names import AUDIENCE

FUNCTIONS = [
    "TD_DATE_TRUNC",
    "TD_INTERVAL",
    "TD_INTERVAL_RANGE",
    "TD_SCHEDULED_TIME",
    "TD_TIME_ADD",
    "TD_TIME_FORMAT",
    "TD_TIME_PARSE",
    "TD_TIME_RANGE",
    "TD_TIME_STRING",
]
# Above this the editor offers names only when asked: typing has to stay quick.
LIVE_NAMES = 5_000
MOST_NAMES = 100_000  # that are sent to the editor
MOST_LISTED = 1_000  # tables of a database, beside the editor


def names(user, database):
    """Return the columns of readable tables; those of the database go without its name.

    They come first: of very many names the last are left out.
    """
    found = readable(user)
    tables, count = {}, 0
    for name in sorted(found, key=lambda each: each != database):
        for table in found[name].values():
            count += 1 + len(table.columns)
            if count > MOST_NAMES:
                break
            called = table.name if name == database else f"{name}.{table.name}"
            tables[called] = [column for column, _ in table.columns]
    return {"tables": tables, "functions": FUNCTIONS, "live": count <= LIVE_NAMES}


def tree(user) -> list[tuple[str, dict, int]]:
    """Return each readable database with its first tables, and how many others it has."""
    return [
        (name, dict(islice(found.items(), MOST_LISTED)), max(len(found) - MOST_LISTED, 0))
        for name, found in readable(user).items()
    ]


def usual_database(user) -> str | None:
    """Return the database that a new query is of: one of the user's own, or that of the demo."""
    made = readable_databases(user).exclude(name__startswith=AUDIENCE).exclude(name=log.DATABASE)
    found = sorted(made, key=lambda each: (each.owner_id != user.pk, each.name != DATABASE))
    return found[0].name if found else None


def first_rows(table):
    """Return a query that shows the first rows of the table."""
    return f"SELECT *\nFROM {quoted(table.name)}\nLIMIT 100"


def quoted(name):
    """Return the name as it has to be written in SQL."""
    if name.isidentifier() and name.islower():
        return name
    return '"' + name.replace('"', '""') + '"'
