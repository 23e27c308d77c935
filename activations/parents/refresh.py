"""The SELECTs that a refresh makes its tables of.

Customers are the rows of the master table, one for each key that is not null; each attribute
table adds columns of the one row that has the customer's key. Of rows with the same key the first
by their values is taken, so that the clear and the unmasked tables tell of the same one.
"""

from dataclasses import dataclass

from activations.models import ParentSegment
from activations.parents.audience import BEHAVIOR, CUSTOMERS
from activations.parents.keys import as_text, compared
from activations.parents.sources import Columns, cast_of
from activations.rules.audience import KEY
from activations.rules.literals import name

CLEAR = ("clear",)
SEEN = ("clear", "masked")
NEW_LINE = ",\n    "


@dataclass(frozen=True)
class Definition:
    """A parent segment, with the columns of the tables that it is made of."""

    parent: ParentSegment
    sources: dict[str, Columns]

    def type_of(self, table: str, column: str) -> str:
        return self.sources.get(table, {}).get(column, "")


def builds(parent: ParentSegment, sources: dict[str, Columns]) -> dict[str, dict[str, str]]:
    """Return {database: {table: SELECT}} of a refresh.

    The unmasked database is built, of nothing, also where nothing is masked: its tables go.
    """
    definition = Definition(parent, sources)
    found = {parent.database: tables(definition, CLEAR)}
    hidden = [each for each in parent.behaviors if is_masked(each)]
    if not (hidden or any(map(is_masked, parent.attributes))):
        return found | {parent.unmasked_database: {}}
    return found | {parent.unmasked_database: tables(definition, SEEN, hidden)}


def is_masked(source) -> bool:
    """Return whether some of a table's columns are only for those who may see them."""
    return any(column["visibility"] == "masked" for column in source["columns"])


def tables(definition, visible, behaviors=None):
    behaviors = definition.parent.behaviors if behaviors is None else behaviors
    events = {BEHAVIOR + each["name"]: behavior(each, definition, visible) for each in behaviors}
    return {CUSTOMERS: customers(definition, visible)} | events


def customers(definition: Definition, visible: tuple[str, ...]) -> str:
    """Return the SELECT of all customers with what is known of each."""
    master, *others = definition.parent.attributes
    joined = [*others, *definition.parent.behaviors]
    keys = [each["parent_key"] for each in joined]
    chosen = [f"m.k AS {name(KEY)}", *outputs("m", master, definition, visible)]
    rows = first_rows(definition.parent.master, definition.parent.key, used(master), keys)
    joins = []
    for number, source in enumerate(others, 1):
        chosen += outputs(f"a{number}", source, definition, visible)
        joins.append(attribute(f"a{number}", source, definition))
    start = f"SELECT\n    {NEW_LINE.join(chosen)}\nFROM ({rows}) AS m"
    return "\n".join([start, *joins, "WHERE m.n = 1"])


def outputs(alias, source, definition, visible):
    """Return the columns of a table that are to be seen, each with its name in the audience."""
    return [
        f"{value(alias, column, definition.type_of(source['table'], column['column']))}"
        f" AS {name(column.get('name') or column['column'])}"
        for column in source["columns"]
        if column["visibility"] in visible
    ]


def value(alias, column, type_):
    wanted = cast_of(type_, column["kind"])
    text = f"{alias}.{inner(column['column'])}"
    return f"CAST({text} AS {wanted})" if wanted else text


def inner(column):
    """Return what a column is called within: never as the key, or the number of a row."""
    return name(f"c {column}")


def used(source):
    """Return the columns that are not blocked, be they masked or clear."""
    return [each["column"] for each in source["columns"] if each["visibility"] in SEEN]


def first_rows(path, key, columns, keys=()):
    """Return the SELECT of a table's rows: k is the key, and n is 1 for one row of each key.

    Which one depends on nothing but the values: those of the columns, then of further keys.
    """
    carried = dict.fromkeys([*columns, *keys])
    order = ", ".join(map(name, carried))
    by = f" ORDER BY {order}" if order else ""
    chosen = [
        f"{as_text(key)} AS k",
        f"row_number() OVER (PARTITION BY {as_text(key)}{by}) AS n",
        *(f"{name(column)} AS {inner(column)}" for column in dict.fromkeys([*carried, key])),
    ]
    listed = ",\n        ".join(chosen)
    source = f"FROM {table(path)}\n    WHERE {name(key)} IS NOT NULL"
    return f"\n    SELECT\n        {listed}\n    {source}\n"


def attribute(alias, source, definition):
    """Return the join with an attribute table, of which each key has one row."""
    rows = first_rows(source["table"], source["foreign_key"], used(source))
    return f"LEFT JOIN ({rows}) AS {alias} ON {alias}.n = 1 AND {same(alias, source, definition)}"


def behavior(source, definition: Definition, visible: tuple[str, ...]) -> str:
    """Return the SELECT of what customers did."""
    listed = dict.fromkeys([*used(source), source["foreign_key"]])
    rows = NEW_LINE.join(f"    {name(column)} AS {inner(column)}" for column in listed)
    chosen = [f"m.k AS {name(KEY)}", *outputs("b", source, definition, visible)]
    return (
        f"SELECT\n    {NEW_LINE.join(chosen)}\n"
        f"FROM (\n    SELECT\n    {rows}\n    FROM {table(source['table'])}\n) AS b\n"
        f"JOIN ({customers_by(source['parent_key'], definition)}) AS m"
        f" ON {same('b', source, definition)}\n"
        # What a customer did lies together: rules group by customers, seven times as fast so.
        "ORDER BY 1"
    )


def customers_by(parent_key, definition):
    """Return the SELECT of all customers' keys, with the column that a behavior is joined by."""
    parent = definition.parent
    if parent_key == parent.key:
        chosen = f"{as_text(parent.key)} AS k, {name(parent.key)} AS {inner(parent.key)}"
        return (
            f"\n    SELECT DISTINCT {chosen}\n    FROM {table(parent.master)}"
            f"\n    WHERE {name(parent.key)} IS NOT NULL\n"
        )
    master, *others = parent.attributes
    keys = [each["parent_key"] for each in [*others, *parent.behaviors]]
    rows = first_rows(parent.master, parent.key, used(master), keys)
    return f"SELECT k, {inner(parent_key)} FROM ({rows}) AS rows_of_master WHERE n = 1"


def same(alias, source, definition):
    """Return the condition that a row is of a customer."""
    parent_key, foreign_key = source["parent_key"], source["foreign_key"]
    types = (
        definition.type_of(definition.parent.master, parent_key),
        definition.type_of(source["table"], foreign_key),
    )
    left = compared(f"{alias}.{inner(foreign_key)}", types)
    return f"{left} = {compared(f'm.{inner(parent_key)}', types)}"


def table(path: str) -> str:
    return ".".join(map(name, path.split(".", 1)))
