"""The statements that rules make: the members, how many, and how many each rule leaves."""

from activations.rules import literals
from activations.rules.audience import KEY, Audience
from activations.rules.literals import BadValue, name
from activations.rules.tree import Context, check_size, column_of, condition

PERCENT, COUNT = "Percent", "Count"
MOST = 10**9  # customers of a limit
KEY_OF_CUSTOMER = f"c.{name(KEY)}"
JOINTS = {"And": " AND ", "Or": " OR "}


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
    sets = [parts_of(each, context) for each in rules.get("conditions", [])]
    flags, totals = [], ["count(*) AS total"]
    for n, (whole, joint, parts) in enumerate(sets, 1):
        flags.append(f"{whole} AS s{n}")
        flags += [f"{part} AS s{n}_{m}" for m, part in enumerate(parts, 1)]
        totals += counted(f"s{n}", left([f"s{k}" for k in range(1, n + 1)], rules["type"]))
        for m in range(1, len(parts) + 1):
            within = left([f"s{n}_{k}" for k in range(1, m + 1)], joint)
            totals += counted(f"s{n}_{m}", within)
    inner = ",\n  ".join(flags) or "TRUE AS s0"
    return f"SELECT {', '.join(totals)}\nFROM (SELECT\n  {inner}\n{source(context)}\n) AS flags"


def parts_of(node, context):
    """Return the condition of a rule set, how its rules are joined, and each of them."""
    whole = condition(node, context)
    if node.get("type") not in ("And", "Or"):
        return whole, "And", [whole]
    return whole, node["type"], [condition(each, context) for each in node["conditions"]]


def left(flags, joint):
    return JOINTS[joint].join(flags)


def counted(flag, cumulative):
    return [
        f"count(*) FILTER (WHERE {flag}) AS {flag}",
        f"count(*) FILTER (WHERE {cumulative}) AS {flag}_left",
    ]


def context_of(rules, audience, segment):
    check_size(rules)
    return Context(audience, within=(segment,) if segment is not None else ())


def source(context: Context) -> str:
    """Return FROM with the customers and all that their rules are joined with."""
    joins = [
        f"LEFT JOIN ({subquery}) AS {alias} ON {alias}.k = {KEY_OF_CUSTOMER}"
        for subquery, alias in context.joins.items()
    ]
    customers = f"FROM {name(context.audience.database)}.{name('customers')} AS c"
    return "\n".join([customers, *joins])


def ordering(limit, audience):
    columns = [ordered(each, audience) for each in limit.get("orderColumns") or []]
    return ", ".join([*columns, KEY_OF_CUSTOMER])  # The key makes it the same each time.


def ordered(each, audience):
    column = column_of(audience.attributes, each.get("column"), "attribute")
    direction = "DESC" if each.get("order") == "descending" else "ASC"
    return f"c.{name(column.name)} {direction} NULLS LAST"
