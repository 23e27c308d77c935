"""What customers did, as columns of an output: which rows of each customer, and in what order."""

from dataclasses import dataclass
from functools import partial

from activations.mapping.columns import Output, output, picked
from activations.rules.audience import KEY, Audience, Behavior, Column
from activations.rules.literals import BadValue, name, whole

MOST = 4  # behaviors of one output
MOST_ROWS = 1000  # of each customer
MOST_BESIDE = 20  # of each customer, beside each other
STRATEGIES = {"all": "All", "first": "First", "last": "Last", "top": "Top N"}
ROWS, BESIDE = "rows", "columns"
MEMBERS = "members"  # what the keys of the segment's customers are called, as `k`


@dataclass(frozen=True)
class Picked:
    """A behavior of an output, with its columns as the audience has them."""

    item: dict
    behavior: Behavior
    columns: list[Column]
    by: Column | None  # what its rows are ordered by

    @property
    def rows(self) -> int:
        """How many rows of each customer are taken; 0 for all."""
        strategy = self.item["strategy"]
        return rows_of(self.item) if strategy == "top" else int(strategy != "all")

    @property
    def beside(self) -> bool:
        return self.item["strategy"] == "top" and self.item["format"] == BESIDE

    @property
    def descending(self) -> bool:
        strategy = self.item["strategy"]
        return strategy == "last" or (strategy == "top" and self.item["descending"])

    @property
    def multiplies(self) -> bool:
        """Whether a customer can have several rows."""
        return self.rows != 1 and not self.beside


@dataclass(frozen=True)
class Joined:
    """A behavior that is joined with the customers."""

    outputs: list[Output]
    join: str
    order: list[str]  # of the rows of one customer


def behavior_of(item: dict, audience: Audience) -> Behavior:
    found = audience.behaviors.get(item["behavior"])
    if not item["behavior"]:
        raise BadValue("Choose a behavior.")
    if found is None:
        raise BadValue(f"There is no behavior '{item['behavior']}' any more.")
    return found


def column_of(item: dict, behavior: Behavior, source: str) -> Column:
    return picked(behavior.columns, source, f"column of {item['behavior']}")


def ordered_by(item: dict, behavior: Behavior) -> Column | None:
    """Return the column that rows are ordered by: the one that was chosen, or when it was."""
    if wanted := item["order_by"] or behavior.time:
        return column_of(item, behavior, wanted)
    if item["strategy"] != "all":
        raise BadValue(f"Choose what {item['behavior']} is ordered by: it has no time.")
    return None


def rows_of(item: dict) -> int:
    """Return how many rows of each customer are asked for, or raise BadValue."""
    most = MOST_BESIDE if item["format"] == BESIDE else MOST_ROWS
    if item["rows"] is None:
        raise BadValue(f"Enter a whole number from 1 to {most:,}.")
    return whole(item["rows"], most=most)


def pick(item: dict, audience: Audience) -> Picked:
    """Return a behavior of an output that has no problems."""
    behavior = behavior_of(item, audience)
    columns = [column_of(item, behavior, each["source"]) for each in item["columns"]]
    return Picked(item, behavior, columns, ordered_by(item, behavior))


def names_of(item: dict, given: str) -> list[str]:
    """Return the names in the output of a column of a behavior."""
    if item["strategy"] != "top" or item["format"] != BESIDE:
        return [given]
    return [f"{given}_{place}" for place in range(1, rows_of(item) + 1)]


def joined(item: dict, alias: str, audience: Audience) -> Joined:
    """Return a behavior as it is joined with the customers, those without any kept."""
    found = pick(item, audience)
    asked = f"SELECT k FROM {MEMBERS}"
    rows = f"FROM {table(found.behavior, audience)}\nWHERE {name(KEY)} IN ({asked})"
    ways = {0: all_rows, 1: one_row}
    way = beside if found.beside else ways.get(found.rows, top_rows)
    subquery, order = way(found, rows)
    join = f"LEFT JOIN (\n{subquery}\n) AS {alias} ON {alias}.k = c.{name(KEY)}"
    return Joined(outputs(found, alias), join, [f"{alias}.{each}" for each in order])


def table(behavior, audience):
    return f"{name(behavior.database or audience.database)}.{name(behavior.table)}"


def outputs(found: Picked, alias) -> list[Output]:
    made = []
    for place, (column, said) in enumerate(zip(found.columns, found.item["columns"], strict=True)):
        values = range(1, found.rows + 1) if found.beside else [None]
        for number, given in zip(values, names_of(found.item, said["name"]), strict=True):
            value = f"{alias}.v{place}" if number is None else f"{alias}.v{place}_{number}"
            made.append(output(column, said | {"name": given}, value))
    return made


def values_of(found: Picked) -> list[str]:
    return [f"{name(column.name)} AS v{place}" for place, column in enumerate(found.columns)]


def ordering(found: Picked) -> list[str]:
    """Return what the rows of a customer are ordered by.

    Of rows with the same time it is their values that decide: then it is always the same one.
    """
    direction = "DESC" if found.descending else "ASC"
    by = [f"{name(found.by.name)} {direction} NULLS LAST"] if found.by else []
    return [*by, *(f"{name(column.name)} ASC NULLS LAST" for column in found.columns)]


def all_rows(found, rows):
    by = [f"{name(found.by.name)} AS o"] if found.by else []
    chosen = ", ".join([f"{name(KEY)} AS k", *by, *values_of(found)])
    order = [*(["o"] if found.by else []), *(f"v{place}" for place in range(len(found.columns)))]
    return f"SELECT {chosen}\n{rows}", [f"{each} ASC NULLS LAST" for each in order]


def ranked(found, rows):
    place = f"row_number() OVER (PARTITION BY {name(KEY)} ORDER BY {', '.join(ordering(found))})"
    chosen = ", ".join([f"{name(KEY)} AS k", *values_of(found), f"{place} AS n"])
    return f"(\nSELECT {chosen}\n{rows}\n) AS ranked WHERE n <= {found.rows}"


def top_rows(found, rows, order=("n",)):
    chosen = ", ".join(["k", "n", *(f"v{place}" for place in range(len(found.columns)))])
    return f"SELECT {chosen} FROM {ranked(found, rows)}", list(order)


one_row = partial(top_rows, order=())


def beside(found, rows):
    """Put the rows of a customer beside each other, in one."""
    values = [
        f"max(v{place}) FILTER (WHERE n = {number}) AS v{place}_{number}"
        for place in range(len(found.columns))
        for number in range(1, found.rows + 1)
    ]
    return f"SELECT {', '.join(['k', *values])} FROM {ranked(found, rows)} GROUP BY k", []
