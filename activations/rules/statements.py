"""The statements that rules make: the members, how many, and how many each rule leaves."""

from activations.rules import literals
from activations.rules.audience import KEY, Audience
from activations.rules.literals import BadValue, name
from activations.rules.tree import (
    SETS,
    Context,
    check_size,
    column_of,
    condition,
    joined,
    negation,
)

PERCENT, COUNT = "Percent", "Count"
MOST = 10**9  # customers of a limit
KEY_OF_CUSTOMER = f"c.{name(KEY)}"


def members(rules: dict, audience: Audience, columns: str = "", segment: int | None = None) -> str:
    """Return the SELECT of a segment's customers: the given columns of c, or their keys."""
    context = context_of(rules, audience, segment)
    where = condition(rules, context)
    found = f"{source(context)}\nWHERE {where}"
    chosen = f"SELECT {columns or KEY_OF_CUSTOMER}\n"
    limit = rules.get("limit")
    if not limit:
        return chosen + found
    order = ordering(limit, audience)
    if limit.get("type") == COUNT:
        most = literals.whole(limit.get("number"), most=MOST)
        return f"{chosen}{found}\nORDER BY {order}\nLIMIT {most}"
    if limit.get("type") != PERCENT:
        raise BadValue("Choose whether the limit is a number of customers or a percentage.")
    share = literals.whole(limit.get("number"), most=100)
    customers = source(Context(audience))
    return f"{chosen}{customers}\nWHERE {KEY_OF_CUSTOMER} IN ({first_of(found, order, share)})"


def first_of(found, order, share):
    """Return the SELECT of the keys of so many percent of the customers, rounded up."""
    ranked = (
        f"SELECT {KEY_OF_CUSTOMER} AS k, row_number() OVER (ORDER BY {order}) AS place, "
        f"count(*) OVER () AS n\n{found}"
    )
    return f"SELECT k FROM (\n{ranked}\n) AS ranked WHERE place * 100 < n * {share} + 100"


def count(rules: dict, audience: Audience, segment: int | None = None) -> str:
    """Return the SELECT of how many customers the segment has."""
    found = members(rules, audience, segment=segment)
    return f"SELECT count(*) AS customers FROM (\n{found}\n) AS found"


def funnel(rules: dict, audience: Audience, segment: int | None = None) -> str:
    """Return the SELECT of one row: all customers, then for each part what it leaves.

    Columns: total; for each rule set n, s<n> (customers in it) and s<n>_left (what the rule sets
    up to it leave); for each of its rules m, s<n>_<m> and s<n>_<m>_left within the set.
    """
    context = context_of(rules, audience, segment)
    flags, totals, sets = {}, ["count(*) AS total"], []
    for n, node in enumerate(rules.get("conditions", []), 1):
        parts = flags_of(node, f"s{n}", context)
        flags |= parts
        sets.append(whole(node, list(parts)))
        totals += counted(f"s{n}", sets[-1], left(sets, rules["type"]))
        for m in range(1, len(parts) + 1 if node["type"] in SETS else 1):
            flag = f"s{n}_{m}"
            totals += counted(flag, flag, left(list(parts)[:m], node["type"]))
    inner = ",\n  ".join(f"{part} AS {flag}" for flag, part in flags.items()) or "TRUE AS s0"
    outer = ",\n  ".join(totals)
    return f"SELECT\n  {outer}\nFROM (SELECT\n  {inner}\n{source(context)}\n) AS flags"


def flags_of(node, flag, context):
    """Return the conditions of the rules in a rule set, or of a rule, each by its name."""
    if node["type"] not in SETS:
        return {flag: condition(node, context)}
    parts = enumerate(node["conditions"], 1)
    return {f"{flag}_{m}": condition(part, context) for m, part in parts}


def whole(node, flags):
    """Return the condition of a rule set, or of a rule, by the names of what is in it."""
    if node["type"] not in SETS:
        return flags[0]
    inner = joined(flags, node["type"])
    return negation(inner) if node.get("exclude") else inner


def left(flags, joint):
    return SETS[joint].join(flags)


def counted(flag, condition, cumulative):
    return [
        f"count_if({condition}) AS {flag}",
        f"count_if({cumulative}) AS {flag}_left",
    ]


def context_of(rules, audience, segment):
    check_size(rules)
    return Context(audience, within=(segment,) if segment is not None else ())


def source(context: Context) -> str:
    """Return FROM with the customers and all that their rules are joined with."""
    joins = [measures.join(KEY_OF_CUSTOMER) for measures in context.joins.values()]
    customers = f"FROM {name(context.audience.database)}.{name('customers')} AS c"
    return "\n".join([customers, *joins])


def ordering(limit, audience):
    columns = [ordered(each, audience) for each in limit.get("orderColumns") or []]
    return ", ".join([*columns, KEY_OF_CUSTOMER])  # The key makes it the same each time.


def ordered(each, audience):
    column = column_of(audience.attributes, each.get("column"), "attribute")
    direction = "DESC" if each.get("order") == "descending" else "ASC"
    return f"c.{name(column.name)} {direction} NULLS LAST"
