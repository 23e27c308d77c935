"""How well the keys of a parent segment fit: joined rows, duplicates and nulls, by queries."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from activations.parents.keys import as_text, comparable, compared
from activations.parents.refresh import table
from activations.rules.literals import name
from console import tables
from console.engines import QueryError
from integrations.rows import Rows

SECONDS = 10  # that a person waits for one table
DOUBLE = "whose key an earlier row has"


@dataclass(frozen=True)
class Keys:
    """The columns by which a table is joined with the customers, each with its type."""

    master: str
    key: str
    table: str = ""
    parent_key: str = ""
    foreign_key: str = ""


@dataclass(frozen=True)
class Found:
    """What a check found, as sentences; the first of them is the gist."""

    sentences: tuple[str, ...]
    fault: bool = False


def check_master(keys: Keys, user) -> Found:
    """Return how many customers the master table has, and what is left out."""
    key = name(keys.key)
    row = answer(
        f"SELECT count(*) AS n, count({key}) AS with_key,"
        f" count(DISTINCT {as_text(keys.key)}) AS customers FROM {table(keys.master)}",
        user,
    )
    if isinstance(row, Found):
        return row
    rows, with_key, customers = row
    said = [
        f"{plural(customers, 'customer')} in {plural(rows, 'row')}.",
        left_out(rows - with_key, "without a key"),
        left_out(with_key - customers, DOUBLE),
    ]
    return Found(tuple(filter(None, said)), fault=not customers)


def check_join(keys: Keys, types: tuple[str, str], user, *, one_each: bool) -> Found:
    """Return how many customers have rows in a table, and how many of its rows have a customer.

    `one_each` says that a customer gets one row of it; others with the same key are left out.
    """
    if not comparable(*types):
        return Found((cannot_compare(keys, types),), fault=True)
    row = answer(joined(keys, types), user)
    if isinstance(row, Found):
        return row
    customers, found, rows, with_key, double, of_customers = (int(each or 0) for each in row)
    gist = f"{share(found, customers)} of {plural(customers, 'customer')} have rows in it."
    if not found:
        gist += f" No {keys.foreign_key} is equal to a {keys.parent_key}: are these the right keys?"
    said = [
        gist,
        left_out(with_key - of_customers, "of no customer"),
        left_out(rows - with_key, "without a key"),
        left_out(double if one_each else 0, DOUBLE),
    ]
    return Found(tuple(filter(None, said)), fault=not found)


def left_out(number, which):
    """Say how many rows a refresh leaves out, if any."""
    return f"{plural(number, 'row')} {which}: left out." if number else ""


def cannot_compare(keys: Keys, types: tuple[str, str]) -> str:
    left, right = types
    return (
        f"{keys.parent_key} of {keys.master} is a {left} and {keys.foreign_key} of {keys.table} "
        f"is a {right}: they cannot be compared."
    )


def joined(keys, types):
    """Return the SELECT that counts both sides of a join by their keys."""
    left = compared(name(keys.parent_key), types)
    right = compared(name(keys.foreign_key), types)
    return (
        f"WITH l AS (SELECT {left} AS k, count(DISTINCT {as_text(keys.key)}) AS n"
        f" FROM {table(keys.master)} WHERE {name(keys.key)} IS NOT NULL GROUP BY 1),"
        f" r AS (SELECT {right} AS k, count(*) AS n FROM {table(keys.table)} GROUP BY 1)"
        " SELECT sum(l.n) AS customers, sum(CASE WHEN r.k IS NOT NULL THEN l.n END) AS found,"
        " sum(r.n) AS n_rows, sum(CASE WHEN r.k IS NOT NULL THEN r.n END) AS with_key,"
        " sum(CASE WHEN r.k IS NOT NULL THEN r.n - 1 END) AS doubles,"
        " sum(CASE WHEN l.k IS NOT NULL THEN r.n END) AS of_customers"
        " FROM l FULL JOIN r ON l.k = r.k"
    )


def answer(sql, user) -> tuple | Found:
    """Return the one row of a query with the rights of a person, or why there is none."""
    limits = tables.limits()
    limits = replace(limits, seconds=min(SECONDS, limits.seconds))
    place = {"owner": user, "database": first_own(user)}
    try:
        with TemporaryDirectory(prefix="keys-") as folder:
            output = Path(folder) / "row.parquet"
            tables.execute(sql, output=output, limits=limits, waited_for=True, **place)
            [batch] = Rows(output).portions()
            return tuple(column[0].as_py() for column in batch.columns)
    except (QueryError, tables.TableError) as error:
        return Found((f"It could not be calculated: {error}",), fault=True)


def first_own(user):
    """Return a database that the user may read and whose tables are the console's own."""
    found = tables.readable_databases(user).filter(catalog="")
    return found.values_list("name", flat=True).first() or ""


def share(part, whole):
    """Write a share so that only nothing is 0 %, and only all of it 100 %."""
    if part in (0, whole):
        return "100 %" if part else "0 %"
    rounded = min(max(100 * part / whole, 0.1), 99.9)
    return f"{rounded:.1f} %"


def plural(number, noun):
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
