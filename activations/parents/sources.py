"""The tables that a parent segment can be made of, and what their columns can be for rules."""

import re

from activations.rules.audience import ARRAYS, BOOLEAN, DATE, KEY, NUMBER, TEXT, TIME, kind_of
from console import tables

Columns = dict[str, str]  # the Trino type of each column
# What a column of a kind can be taken for; others than itself are made by a cast.
ALLOWED = {
    TEXT: [TEXT],
    NUMBER: [NUMBER, TIME, TEXT],
    BOOLEAN: [BOOLEAN, TEXT],
    TIME: [TIME, DATE],
    DATE: [DATE],
} | {array: [array] for array in ARRAYS}
CASTS = {(NUMBER, TEXT): "VARCHAR", (BOOLEAN, TEXT): "VARCHAR", (TIME, DATE): "DATE"}
TIMES = re.compile(r"(.*_)?(time|at)")
EPOCHS = ("bigint", "integer")
OTHERS = re.compile(r"[^a-z0-9_]+")


def sources(user) -> dict[str, Columns]:
    """Return the columns of all tables of the console that a user may read, by database.table."""
    return {
        f"{database}.{name}": dict(table.columns)
        for database, found in tables.readable(user).items()
        for name, table in found.items()
        if not table.database.remote
    }


def left_out(user) -> bool:
    """Return whether a user may read tables elsewhere, of which no parent segment is made."""
    return tables.readable_databases(user).exclude(catalog="").exists()


def kinds_of(type_: str) -> list[str]:
    """Return what a column of the type can be taken for, the plainest first; [] for nothing."""
    kind = kind_of(type_)
    allowed = ALLOWED.get(kind, [])
    return [each for each in allowed if each != TIME or kind == TIME or type_ in EPOCHS]


def suggested_kind(column: str, type_: str) -> str:
    """Return what a column probably holds; seconds since 1970 are told by its name."""
    if type_ in EPOCHS and TIMES.fullmatch(column.lower()):
        return TIME
    return next(iter(kinds_of(type_)), "")


def suggested_name(column: str) -> str:
    """Return what a column can be called in the audience."""
    name = OTHERS.sub("_", column.lower()).strip("_") or "column"
    return f"{name}_2" if name == KEY else name


def cast_of(type_: str, kind: str) -> str:
    """Return the type to which a column is cast to be of the kind; "" where it is already."""
    return CASTS.get((kind_of(type_), kind), "")
