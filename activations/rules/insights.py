"""Statements about the customers of segments: samples, values of columns, overlaps."""

from activations.rules.audience import ARRAYS, DATE, KEY, NUMBER, TIME, Audience, Column
from activations.rules.literals import name
from activations.rules.operators import empty
from activations.rules.statements import members, source
from activations.rules.tree import Context, Size, condition

BARS = 10
MONTHS = 24


def sample(rules: dict, audience: Audience, columns: list[str], number: int) -> str:
    """Return the SELECT of the first customers of a segment, with some of their attributes."""
    chosen = ", ".join(f"c.{name(column)}" for column in (KEY, *columns))
    found = members(rules, audience, chosen)
    return f"SELECT * FROM (\n{found}\n) AS found ORDER BY {name(KEY)} LIMIT {number}"


def top_values(database: str, table: str, column: Column, number: int) -> str:
    """Return the SELECT of the values of a column that most rows have, the most frequent first."""
    rows = f"{name(database)}.{name(table)}"
    value = name(column.name)
    if column.kind in ARRAYS:
        rows, value = f"{rows} CROSS JOIN UNNEST({value}) AS each(v)", "each.v"
        column = member_of(column)
    return (
        f"SELECT {value} AS v, count(*) AS n FROM {rows} WHERE NOT {empty(value, column)} "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {number}"
    )


def distribution(rules: dict, audience: Audience, column: Column, number: int) -> str:
    """Return the SELECT of how an attribute is spread in a segment: v (low, high), n.

    Numbers come as bars of the same width, times by month, all others by their values.
    """
    found = members(rules, audience, f"c.{name(column.name)} AS v")
    if column.kind == NUMBER:
        return bars(f"SELECT CAST(v AS DOUBLE) AS v FROM (\n{found}\n) AS found")
    if column.kind in (TIME, DATE):
        return months(found, column, audience.timezone)
    if column.kind in ARRAYS:
        found = f"SELECT each.v AS v FROM (\n{found}\n) AS found CROSS JOIN UNNEST(v) AS each(v)"
        column = member_of(column)
    shown = f"CASE WHEN NOT {empty('v', column)} THEN v END"
    return (
        f"SELECT {shown} AS v, count(*) AS n FROM (\n{found}\n) AS found "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {number}"
    )


def member_of(column):
    """Return a member of a list as a column of its own."""
    type_ = column.type.removeprefix("array(").removesuffix(")")
    return Column("v", type_, ARRAYS[column.kind])


def bars(values):
    """Count numbers in bars of the same width from the least to the most; NULL has its own."""
    place = f"least({BARS - 1}, CAST(floor((v - low) / nullif(high - low, 0) * {BARS}) AS BIGINT))"
    return (
        f"SELECT low, high, coalesce({place}, 0) AS bar, v IS NULL AS missing, count(*) AS n "
        f"FROM (SELECT v, min(v) OVER () AS low, max(v) OVER () AS high FROM (\n{values}\n) AS a) "
        "AS b GROUP BY 1, 2, 3, 4 ORDER BY 4, 3"
    )


def months(found, column, timezone):
    if column.holds_epochs:
        month = f"TD_TIME_FORMAT(v, 'yyyy-MM', '{timezone}')"
    else:
        month = "substr(CAST(v AS VARCHAR), 1, 7)"
    return (
        f"SELECT * FROM (SELECT {month} AS v, count(*) AS n FROM (\n{found}\n) AS found GROUP BY 1 "
        f"ORDER BY 1 DESC NULLS FIRST LIMIT {MONTHS}) AS latest ORDER BY 1 NULLS LAST"
    )


def overlap(segments: list[dict], audience: Audience) -> str:
    """Return the SELECT of one row: n<i>_<j>, how many customers are in both segments i and j."""
    context, flags = Context(audience), []
    for n, rules in enumerate(segments):
        context.size = Size()  # Each may be as large as one may be.
        flags.append(f"{condition(rules, context)} AS s{n}")
    pairs = [(i, j) for i in range(len(segments)) for j in range(i, len(segments))]
    counts = ", ".join(f"count_if(s{i} AND s{j}) AS n{i}_{j}" for i, j in pairs)
    return f"SELECT {counts}\nFROM (SELECT {', '.join(flags)}\n{source(context)}\n) AS flags"
