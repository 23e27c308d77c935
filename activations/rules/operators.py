"""Conditions on single values, by the kind of the value, as SQL: true, false or null."""

from collections.abc import Callable

from activations.rules import literals, times
from activations.rules.audience import ARRAYS, BOOLEAN, DATE, NUMBER, TEXT, TIME, Column
from activations.rules.literals import BadValue

COMPARISONS = times.COMPARED
PATTERN = "{}"


def condition(value: str, column: Column, leaf: dict, timezone: str) -> str:
    """Return whether the value of a column is, or is not, as the leaf of a rule says."""
    if column.kind in ARRAYS and leaf["operator"]["type"] != "IsNull":
        return in_array(value, column, leaf)
    found = as_said(value, column, leaf["operator"], timezone)
    return negation(found) if is_opposite(leaf) else found


def is_opposite(leaf: dict) -> bool:
    """Return whether a leaf asks for the opposite of its operator."""
    return bool(leaf.get("exclude")) ^ bool(leaf["operator"].get("not"))


def negation(condition: str) -> str:
    """Return the opposite of a condition: what is null is as little so as what is false."""
    return f"NOT coalesce({condition}, FALSE)"


def as_said(value, column, operator, timezone):
    """Return whether a value is as the operator says."""
    if operator["type"] == "IsNull":
        return empty(value, column)
    if column.kind == TIME:
        seconds = value if column.holds_epochs else f"CAST(floor(to_unixtime({value})) AS BIGINT)"
        return times.condition(seconds, operator, timezone)
    if column.kind == DATE and operator["type"] in times.SPANS:
        midnight = f"TD_TIME_PARSE(CAST({value} AS VARCHAR), {literals.text(timezone)})"
        return times.condition(midnight, operator, timezone)
    return single(value, column.kind, operator)


def empty(value: str, column: Column) -> str:
    """Return whether a value is null, a text of nothing but blanks, or a list without members."""
    if column.kind in ARRAYS:
        return f"({value} IS NULL OR cardinality({value}) = 0)"
    if column.kind == TEXT and column.type != "uuid":  # That is no text for the engine.
        return f"({value} IS NULL OR NOT regexp_like({value}, '\\S'))"
    return f"{value} IS NULL"


def single(value, kind, operator):
    name = operator["type"]
    if name not in OPERATORS[kind]:
        raise BadValue(f"{name} is not for a {kind}.")
    return OPERATORS[kind][name](value, operator, LITERALS[kind])


def in_array(value, column, leaf):
    """Return whether any, all, or so many of the members are as the leaf says.

    The opposite of an operator is asked of each member, as a line such as “all of them is not
    news” reads.
    """
    hit = single("x", ARRAYS[column.kind], leaf["operator"])
    matching = leaf.get("arrayMatching") or "any"
    if matching == "all":
        return all_members(value, hit, opposite=is_opposite(leaf))
    inner = negation(hit) if is_opposite(leaf) else hit
    if matching == "any":
        return f"any_match({value}, x -> {inner})"
    return so_many(f"cardinality(filter({value}, x -> {inner}))", matching)


def all_members(value, hit, *, opposite):
    """Return whether all members hit, of which there is one at least; or whether none does."""
    if opposite:
        return negation(f"any_match({value}, x -> {hit})")
    # Of a member that is null the engine would know nothing, and leave it out.
    return f"(cardinality({value}) > 0 AND all_match({value}, x -> coalesce({hit}, FALSE)))"


def so_many(found, matching):
    """Return whether the number of members found is the one that is asked for."""
    if not isinstance(matching, dict) or len(matching) != 1:
        raise BadValue("Choose any, all, at least, at most or exactly.")
    [(how, number)] = matching.items()
    if how not in MATCHING:
        raise BadValue("Choose any, all, at least, at most or exactly.")
    return f"{found} {MATCHING[how]} {literals.whole(number, least=how == 'atLeast')}"


MATCHING = {"atLeast": ">=", "atMost": "<=", "exactly": "="}


def compare(sign) -> Callable:
    return lambda value, operator, literal: f"{value} {sign} {literal(operator.get('rightValue'))}"


def between(value, operator, literal):
    low, high = literal(operator.get("minValue")), literal(operator.get("maxValue"))
    return f"{value} BETWEEN {low} AND {high}"


def one_of(value, operator, literal):
    return f"{value} IN ({', '.join(map(literal, literals.right_values(operator)))})"


def contains(value, operator, literal):
    return any_of(
        f"strpos({value}, {literal(part)}) > 0" for part in literals.right_values(operator)
    )


def starts_with(value, operator, literal):
    return any_of(
        f"starts_with({value}, {literal(part)})" for part in literals.right_values(operator)
    )


def ends_with(value, operator, literal):
    return any_of(
        f"substr({value}, greatest(1, length({value}) - {len(part) - 1})) = {literal(part)}"
        for part in literals.right_values(operator)
        if literal(part)
    )


def matches(value, operator, literal):
    return f"regexp_like({value}, {literal(operator.get('rightValue'))})"


def any_of(conditions):
    return f"({' OR '.join(conditions)})"


EQUALITY = {"Equal": compare("="), "In": one_of}
ORDERED = {name: compare(sign) for name, sign in COMPARISONS.items()}
ORDERED |= {"Between": between, "In": one_of}
TEXTUAL = {
    "Contain": contains,
    "StartWith": starts_with,
    "EndWith": ends_with,
    "Regexp": matches,
}
OPERATORS = {
    TEXT: EQUALITY | TEXTUAL,
    NUMBER: ORDERED,
    DATE: ORDERED,
    BOOLEAN: {"Equal": compare("=")},
}
LITERALS = {
    TEXT: literals.text,
    NUMBER: literals.number,
    DATE: literals.date,
    BOOLEAN: literals.boolean,
}


def names_for(kind: str) -> list[str]:
    """Return the operators that can be chosen for a kind of values."""
    if kind in (TIME, DATE):
        return ["IsNull", *ORDERED, *times.SPANS]
    return ["IsNull", *OPERATORS[ARRAYS.get(kind, kind)]]
