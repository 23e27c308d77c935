"""Rules in plain lines, to be read and to be compared with those of another version."""

from activations.rules.audience import ARRAYS, Audience
from activations.segments.words import (
    AGGREGATES,
    CHOICES,
    MATCHING,
    OF_COLUMN,
    RELATIVE,
    Choice,
)

INDENT = "  "
NOTHING = "…"


def lines(rules: dict, audience: Audience | None, names: dict[int, str]) -> list[str]:
    """Return the rules, a line each. `names` are those of the segments that are referred to."""
    found = [*of_set(rules, audience, names, 0)]
    if limit := rules.get("limit"):
        found.append(of_limit(limit))
    return found


def of_set(node, audience, names, depth):
    who = "Leave out customers who match" if node.get("exclude") else "Customers who match"
    many = "all" if node["type"] == "And" else "any"
    yield f"{INDENT * depth}{who} {many} of:"
    if not node["conditions"]:
        yield f"{INDENT * (depth + 1)}(no rule: everybody)"
    for each in node["conditions"]:
        if "conditions" in each:
            yield from of_set(each, audience, names, depth + 1)
        else:
            yield INDENT * (depth + 1) + of_rule(each, audience, names)


def of_rule(leaf, audience, names):
    if leaf.get("type") == "Reference":
        name = names.get(leaf.get("id"), "a segment that is gone")
        return f"{'not in' if leaf.get('exclude') else 'in'} the segment “{name}”"
    left = leaf.get("leftValue") or {}
    subject, kind = of_left(left, audience)
    matching = of_matching(leaf, kind)
    return f"{subject} {matching}{compared(leaf, kind)}{of_rows(left, audience)}"


def of_left(left, audience):
    """Return what is compared, and what kind of values it has."""
    if "aggregation" not in left:
        column = audience and audience.attributes.get(left.get("name"))
        return left.get("name") or NOTHING, column.kind if column else ""
    behavior = (left.get("source") or {}).get("name") or NOTHING
    kind, column = left["aggregation"].get("type"), left["aggregation"].get("column")
    label = AGGREGATES.get(kind, {"label": NOTHING})["label"].lower()
    subject = f"{behavior}: {label}{f' {column}' if column and kind != 'Count' else ''}"
    return subject, kind_of_value(left, audience)


def kind_of_value(left, audience):
    """Return what kind of value an aggregate is: a number, or what its column has."""
    if left["aggregation"].get("type") not in OF_COLUMN:
        return "number"
    behavior = audience and audience.behaviors.get((left.get("source") or {}).get("name"))
    column = behavior and behavior.columns.get(left["aggregation"].get("column"))
    return column.kind if column else ""


def of_matching(leaf, kind):
    """Return which members of a list have to be as the rule says; "" where it has one value."""
    matching = leaf.get("arrayMatching") or ("any" if kind in ARRAYS else "")
    if not matching or (leaf.get("operator") or {}).get("type") == "IsNull":
        return ""  # That is asked of the whole list.
    if isinstance(matching, dict):
        [(how, number)] = matching.items()
        return f"({MATCHING.get(how, how)} {number}) "
    return f"({MATCHING.get(matching, matching)}) "


def of_rows(left, audience):
    """Return which rows of a behavior count: those of a time, and those that rules let pass."""
    parts = []
    if window := left.get("window"):
        parts.append(f", when it {compared({'operator': window}, 'timestamp')}")
    found = left.get("filter") or {}
    if rules := found.get("conditions"):
        behavior = audience and audience.behaviors.get((left.get("source") or {}).get("name"))
        joint = " and " if found.get("type") == "And" else " or "
        parts.append(f", where {joint.join(row_rule(each, behavior) for each in rules)}")
    return "".join(parts)


def row_rule(leaf, behavior):
    name = (leaf.get("leftValue") or {}).get("name")
    column = behavior and behavior.columns.get(name)
    kind = column.kind if column else ""
    return f"{name or NOTHING} {of_matching(leaf, kind)}{compared(leaf, kind)}"


def compared(leaf, kind):
    """Return the operator and its value in words."""
    operator = leaf.get("operator") or {}
    choice = choice_of(operator, kind)
    opposite = bool(operator.get("not")) ^ bool(leaf.get("exclude"))
    label = choice.opposite if opposite else choice.label
    return f"{label} {value_of(operator, choice.shape)}".rstrip()


def choice_of(operator, kind):
    ago = isinstance(operator.get("rightValue"), dict) and "last" in operator["rightValue"]
    every = (each for found in CHOICES.values() for each in found)
    for each in (*CHOICES.get(kind, ()), *RELATIVE, *every):
        if each.type == operator.get("type") and (each.shape == "ago") == ago:
            return each
    return Choice("", NOTHING, f"not {NOTHING}")


def value_of(operator, shape):
    if shape == "ago":
        right = operator["rightValue"]
        return f"{right.get('last')} {plural(right.get('last'), right.get('unit'))}"
    return {
        "one": lambda: quoted(operator.get("rightValue")),
        "many": lambda: ", ".join(
            map(quoted, operator.get("rightValues") or [operator.get("rightValue")])
        ),
        "pair": lambda: f"{operator.get('minValue')} and {operator.get('maxValue')}",
        "units": lambda: (
            f"{operator.get('value')} {plural(operator.get('value'), operator.get('unit'))}"
        ),
        "unit": lambda: operator.get("unit") or NOTHING,
        "ends": lambda: f"{operator.get('from')} and {operator.get('to')} {operator.get('unit')}s",
    }.get(shape, str)()


def quoted(value):
    return f"“{value}”" if isinstance(value, str) else str(value).lower()


def plural(number, unit):
    return f"{unit}" if str(number) == "1" else f"{unit}s"


def of_limit(limit):
    number = limit.get("number")
    many = f"{number} %" if limit.get("type") == "Percent" else f"{number} customers"
    order = ", ".join(
        f"{each.get('column')} {'descending' if each.get('order') == 'descending' else 'ascending'}"
        for each in limit.get("orderColumns") or []
    )
    return f"No more than {many}{f', by {order}' if order else ''}"
