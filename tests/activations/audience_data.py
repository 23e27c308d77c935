"""A small audience with difficult values, and what plain Python says of rules over it."""

import datetime as dt
import operator as op
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from activations.rules import Audience, Behavior, Column
from activations.rules.audience import KEY, kind_of

TYPES = {
    KEY: "varchar",
    "email": "varchar",
    "age": "integer",
    "value": "double",
    "member": "boolean",
    "born": "date",
    "seen": "bigint",
    "joined": "timestamp(6)",
    "tags": "array(varchar)",
    "scores": "array(bigint)",
}
EVENT_TYPES = {KEY: "varchar", "kind": "varchar", "amount": "double", "time": "bigint"}
TIMES = ("seen", "time")
ZONE = "Europe/Berlin"
NOW = int(
    dt.datetime(2026, 10, 25, 12, 30, tzinfo=dt.UTC).timestamp()
)  # a night of 25 hours before


def column(name, type_):
    return Column(name, type_, "timestamp" if name in TIMES else kind_of(type_))


ATTRIBUTES = {name: column(name, type_) for name, type_ in TYPES.items()}
EVENTS = Behavior(
    "behavior_orders", {name: column(name, type_) for name, type_ in EVENT_TYPES.items()}, "time"
)


def audience(segments=None):
    found = (segments or {}).get
    return Audience("aud", ATTRIBUTES, {"orders": EVENTS}, ZONE, found)


@dataclass
class Plain:
    """Customers and what they did, as dictionaries, and the rules as Python."""

    customers: list[dict]
    events: list[dict]
    segments: dict

    def members(self, rules):
        found = [each for each in self.customers if self.holds(rules, each)]
        if limit := rules.get("limit"):
            for order in [{"column": KEY}, *reversed(limit.get("orderColumns", []))]:
                found = self.ordered(found, order)
            found = found[: self.most(limit, len(found))]
        return sorted(each[KEY] for each in found)

    def ordered(self, found, order):
        column, down = order["column"], order.get("order") == "descending"
        there = [each for each in found if each[column] is not None]
        there.sort(key=lambda each: each[column], reverse=down)
        return there + [each for each in found if each[column] is None]

    def most(self, limit, number):
        if limit["type"] == "Count":
            return limit["number"]
        return -(-number * limit["number"] // 100)

    def holds(self, node, customer):
        if node["type"] in ("And", "Or"):
            parts = [self.holds(each, customer) for each in node["conditions"]]
            found = (all if node["type"] == "And" else any)(parts) if parts else True
            return found ^ bool(node.get("exclude"))
        if node["type"] == "Reference":
            return self.holds(self.segments[node["id"]], customer) ^ bool(node.get("exclude"))
        return self.leaf(node, customer)

    def leaf(self, node, customer):
        left = node["leftValue"]
        if "aggregation" not in left:
            return operator(customer[left["name"]], ATTRIBUTES[left["name"]].kind, node)
        rows = [each for each in self.events if each[KEY] == customer[KEY]]
        rows = [each for each in rows if self.row(left, each)]
        value, kind = aggregate(left["aggregation"], rows)
        return operator(value, kind, node)

    def row(self, left, event):
        window = left.get("window")
        if window and not operator(event["time"], "timestamp", {"operator": window}):
            return False
        if not (found := left.get("filter")):
            return True
        parts = [self.row_leaf(each, event) for each in found["conditions"]]
        return (all if found["type"] == "And" else any)(parts)

    def row_leaf(self, leaf, event):
        name = leaf["leftValue"]["name"]
        return operator(event[name], EVENTS.columns[name].kind, leaf)


def aggregate(aggregation, rows):
    kind, name = aggregation["type"], aggregation.get("column")
    if kind == "Count":
        return len(rows), "number"
    values = [row[name] for row in rows if row[name] is not None]
    if kind == "CountDistinct":
        return len(set(values)), "number"
    if kind in ("First", "Last"):
        timed = [row for row in rows if row["time"] is not None]
        pick = min if kind == "First" else max
        found = pick(timed, key=lambda row: row["time"])[name] if timed else None
        return found, EVENTS.columns[name].kind
    if not values:
        return None, "number"
    if kind == "Average":
        return sum(values) / len(values), "number"
    return {"Sum": sum, "Min": min, "Max": max}[kind](values), "number"


def operator(value, kind, node):
    found, opposite = node["operator"], is_opposite(node)
    if found["type"] == "IsNull":
        return is_empty(value) ^ opposite
    if kind.endswith("_array"):
        return in_array(value, kind.removesuffix("_array"), node)
    return held(value, kind, found, opposite)


def is_empty(value):
    if isinstance(value, str):
        return not re.search(r"\S", value, re.ASCII)
    return value is None or value == []


def is_opposite(node):
    return bool(node.get("exclude")) ^ bool(node["operator"].get("not"))


def held(value, kind, found, opposite):
    """Return whether a single value is as the operator says, or is not; null is not."""
    return (value is not None and single(value, kind, found)) ^ opposite


def in_array(values, kind, node):
    """Ask each member, be it for the operator or for its opposite."""
    opposite, matching = is_opposite(node), node.get("arrayMatching") or "any"
    if values is None:
        return matching == "all" and opposite
    hits = [held(each, kind, node["operator"], opposite) for each in values]
    if matching == "any":
        return any(hits)
    if matching == "all":
        return all(hits) and (bool(hits) or opposite)
    [(how, number)] = matching.items()
    return {"atLeast": sum(hits) >= number, "atMost": sum(hits) <= number}.get(
        how, sum(hits) == number
    )


def single(value, kind, found):
    name = found["type"]
    if name.startswith("Time"):
        start, end = span(found)
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time(), ZoneInfo(ZONE))
        return start <= seconds(value) < end
    if kind == "timestamp":
        value = seconds(value)
    return COMPARED[name](value, found, kind)


def compared(test):
    return lambda value, found, kind: test(value, converted(found["rightValue"], kind))


def between(value, found, kind):
    low, high = (converted(found[end], kind) for end in ("minValue", "maxValue"))
    return low <= value <= high


COMPARED = {
    "Equal": compared(op.eq),
    "Greater": compared(op.gt),
    "GreaterEqual": compared(op.ge),
    "Less": compared(op.lt),
    "LessEqual": compared(op.le),
    "Between": between,
    "In": lambda value, found, kind: value in [converted(x, kind) for x in found["rightValues"]],
    "Contain": lambda value, found, _: any(each in value for each in found["rightValues"]),
    "StartWith": lambda value, found, _: value.startswith(tuple(found["rightValues"])),
    "EndWith": lambda value, found, _: value.endswith(tuple(found["rightValues"])),
    "Regexp": lambda value, found, _: bool(re.search(found["rightValue"], value)),
}


def seconds(value):
    if isinstance(value, dt.datetime):
        return int((value if value.tzinfo else value.replace(tzinfo=dt.UTC)).timestamp())
    return value


def converted(value, kind):
    if kind == "timestamp":
        if isinstance(value, dict) and "last" in value:
            return shifted(start_of(value["unit"], NOW), value["unit"], -value["last"])
        value = value["timestamp"] if isinstance(value, dict) else value
        found = dt.datetime.fromisoformat(value)
        return int((found if found.tzinfo else found.replace(tzinfo=ZoneInfo(ZONE))).timestamp())
    if kind == "date":
        return dt.date.fromisoformat(value)
    return value


def span(found):
    unit = found.get("unit", "day")
    start = start_of(unit, NOW)
    at = lambda number: shifted(start, unit, number)  # noqa: E731
    number = found.get("value")
    return {
        "TimeToday": lambda: (at(0), at(1)),
        "TimeThis": lambda: (at(0), at(1)),
        "TimeNext": lambda: (at(1), at(2)),
        "TimeLast": lambda: (at(-1), at(0)),
        "TimeWithinPast": lambda: (at(-number), NOW),
        "TimeWithinNext": lambda: (NOW, at(number + 1)),
        "TimeInBetweenNext": lambda: (at(found["from"]), at(found["to"] + 1)),
        "TimeInBetweenPast": lambda: (at(-found["to"]), at(-found["from"] + 1)),
    }[found["type"]]()


def start_of(unit, moment):
    local = dt.datetime.fromtimestamp(moment, ZoneInfo(ZONE))
    if unit == "hour":
        return moment - (local.minute * 60 + local.second)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        midnight -= dt.timedelta(days=midnight.weekday())
    if unit == "month":
        midnight = midnight.replace(day=1)
    return int(midnight.timestamp())


def shifted(start, unit, number):
    if unit == "hour":
        return start + 3600 * number
    local = dt.datetime.fromtimestamp(start, ZoneInfo(ZONE))
    if unit == "month":
        months = local.year * 12 + local.month - 1 + number
        return int(local.replace(year=months // 12, month=months % 12 + 1).timestamp())
    days = number * (7 if unit == "week" else 1)
    return int((local + dt.timedelta(days=days)).timestamp())
