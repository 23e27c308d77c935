"""The tree of a segment's rules as one condition in SQL, and what it has to be joined with.

A segment is {"type": "And" | "Or", "conditions": [rule set, …], "limit": …}, a rule set is the
same with rules, or further rule sets, in it. A rule is a Value (an attribute, or an aggregate of
a behavior, compared by an operator) or a Reference to another segment.
"""

from dataclasses import dataclass, field

from activations.rules import operators
from activations.rules.audience import NUMBER, TIME, Audience, Behavior, Column
from activations.rules.literals import BadValue, name
from activations.rules.measures import Measures
from activations.rules.operators import negation

SETS = {"And": " AND ", "Or": " OR "}
COUNTS = {"Count", "CountDistinct"}
AGGREGATES = {"Sum": "sum", "Min": "min", "Max": "max", "Average": "avg"}
FIRST_OR_LAST = {"First": "min_by", "Last": "max_by"}
DEEPEST = 8
MOST_RULES = 200
MOST_TOGETHER = 4000  # rules and sets, those of segments as often as they are referred to
LONGEST_TEXT = 4_000_000  # of all of them in SQL
LONGEST_CHAIN = 20  # of segments that are made of others


class TooLarge(BadValue):
    """The segments that are referred to make too much of it, wherever in its rules they are."""


@dataclass
class Size:
    """How many rules and rule sets were written, and how long they are."""

    parts: int = 0
    text: int = 0
    chain: int = 0  # of segments, each within the one before

    def grow(self, parts: int = 0, text: int = 0) -> None:
        self.parts, self.text = self.parts + parts, self.text + text
        if self.parts > MOST_TOGETHER or self.text > LONGEST_TEXT:
            raise TooLarge(
                "With those of the segments that it refers to, this has more than "
                f"{MOST_TOGETHER:,} rules and rule sets, or is too long. Refer to fewer segments, "
                "or to smaller ones."
            )


@dataclass
class Context:
    """What is found while a tree is written: joins, and the segments that lead here."""

    audience: Audience
    customer: str = "c"
    joins: dict[str, Measures] = field(default_factory=dict)  # by the table of a behavior
    within: tuple[int, ...] = ()  # segments whose rules are being written
    size: Size = field(default_factory=Size)

    def measured(self, behavior: Behavior, value: str, where: str) -> str:
        """Return what a customer's value of a behavior is called. Each behavior is joined once."""
        database = behavior.database or self.audience.database
        table = f"{name(database)}.{name(behavior.table)}"
        measures = self.joins.setdefault(table, Measures(table, f"b{len(self.joins) + 1}"))
        return measures.named(value, where)


def condition(node: dict, context: Context, depth: int = 0) -> str:
    """Return the condition of a segment, a rule set or a rule. Null stands for false.

    All that is joined by AND and OR may be null; what is negated must not, and is made sure.
    """
    if depth > DEEPEST:
        raise BadValue(f"Rule sets are nested deeper than {DEEPEST} levels.")
    context.size.grow(parts=1)
    if node.get("type") in SETS:
        return rule_set(node, context, depth)
    if node.get("type") == "Reference":
        found = reference(node, context)
        return negation(found) if node.get("exclude") else found
    if node.get("type") == "Value":
        text = value(node, context)
        context.size.grow(text=len(text))
        return text
    raise BadValue(f"There is no rule of the type {node.get('type')!r}.")


def check_size(node: dict) -> None:
    if rules_in(node) > MOST_RULES:
        raise BadValue(f"A segment can have {MOST_RULES} rules at most.")


def rules_in(node) -> int:
    if node.get("type") not in SETS:
        return 1
    return sum(map(rules_in, node.get("conditions", [])))


def rule_set(node, context, depth):
    parts = [condition(each, context, depth + 1) for each in node.get("conditions", [])]
    inner = joined(parts, node["type"])
    return negation(inner) if node.get("exclude") else inner


def joined(parts: list[str], kind: str) -> str:
    if len(parts) < 2:
        return parts[0] if parts else "TRUE"
    return f"({SETS[kind].join(parts)})"


def value(leaf, context):
    left = leaf.get("leftValue") or {}
    if "aggregation" in left:
        column, text = aggregate(left, context)
    else:
        column = column_of(context.audience.attributes, left.get("name"), "attribute")
        text = f"{context.customer}.{name(column.name)}"
    return operators.condition(text, column, leaf, context.audience.timezone)


def column_of(columns: dict[str, Column], wanted: str, what: str) -> Column:
    found = columns.get(wanted)
    if found is None or found.visibility == "blocked":
        raise BadValue(f"There is no {what} '{wanted}' any more.")
    if found.visibility == "hidden":
        raise BadValue(f"'{wanted}' is masked: you may not use it. An administrator can allow it.")
    return found


def aggregate(left, context) -> tuple[Column, str]:
    """Return what an aggregate is, and its value for the customer."""
    source = (left.get("source") or {}).get("name")
    behavior = context.audience.behaviors.get(source)
    if behavior is None:
        raise BadValue(f"There is no behavior '{source}' any more.")
    column, text = aggregated(left["aggregation"], behavior)
    found = context.measured(behavior, text, wanted_rows(left, behavior, context.audience))
    return column, f"coalesce({found}, 0)" if left["aggregation"]["type"] in COUNTS else found


def aggregated(aggregation, behavior) -> tuple[Column, str]:
    kind = aggregation.get("type")
    if kind == "Count":
        return Column("v", "bigint", NUMBER), "count(*)"
    column = column_of(behavior.columns, aggregation.get("column"), f"column of {behavior.table}")
    quoted = name(column.name)
    if kind == "CountDistinct":
        return Column("v", "bigint", NUMBER), f"count(DISTINCT {quoted})"
    if kind in FIRST_OR_LAST:
        return column, f"{FIRST_OR_LAST[kind]}({quoted}, {name(when(behavior).name)})"
    if kind not in AGGREGATES:
        raise BadValue("Choose count, sum, average, least, most, first or last.")
    if kind in ("Min", "Max") and column.kind in (NUMBER, TIME):
        return column, f"{AGGREGATES[kind]}({quoted})"
    if column.kind != NUMBER:
        raise BadValue(f"{kind} needs a column of numbers: {column.name} is a {column.kind}.")
    return Column("v", "double", NUMBER), f"{AGGREGATES[kind]}({quoted})"


def when(behavior) -> Column:
    """Return the column that says when. Raise BadValue without one, or where it is masked."""
    if not behavior.time:
        raise BadValue(f"The behavior {behavior.table} has no column that says when.")
    return column_of(behavior.columns, behavior.time, f"column of {behavior.table}")


def wanted_rows(left, behavior: Behavior, audience: Audience) -> str:
    """Return the condition on the rows of a behavior that count; "" for all of them."""
    found = (filtered(left, behavior, audience), windowed(left, behavior, audience))
    return " AND ".join(each for each in found if each)


def filtered(left, behavior, audience):
    """Return the condition on single rows of the behavior: one level of rules."""
    found = left.get("filter") or {}
    if not found.get("conditions"):
        return ""
    if found.get("type") not in SETS:
        raise BadValue("Choose whether all or any of the filters have to hold.")
    parts = [row_condition(each, behavior, audience) for each in found["conditions"]]
    return joined(parts, found["type"])


def row_condition(leaf, behavior, audience):
    wanted = (leaf.get("leftValue") or {}).get("name")
    column = column_of(behavior.columns, wanted, f"column of {behavior.table}")
    return operators.condition(name(column.name), column, leaf, audience.timezone)


def windowed(left, behavior, audience):
    """Return the condition on when the customer did it."""
    if not (window := left.get("window")):
        return ""
    column = when(behavior)
    return operators.condition(name(column.name), column, {"operator": window}, audience.timezone)


def reference(node, context):
    """Return whether the customer is in another segment: its rules stand here as they are."""
    wanted = node.get("id")
    if wanted in context.within:
        raise BadValue("This segment and the one it refers to are made of each other.")
    rules = context.audience.segment(wanted)
    if rules is None:
        raise BadValue("The segment that is referred to is not there any more.")
    if rules.get("limit"):
        raise BadValue("A segment with a limit cannot be part of another.")
    if context.size.chain == LONGEST_CHAIN:
        raise TooLarge(f"More than {LONGEST_CHAIN} segments refer to each other in a row.")
    before, context.within = context.within, (*context.within, wanted)
    context.size.chain += 1
    try:
        return condition(rules, context)
    finally:
        context.within = before
        context.size.chain -= 1
