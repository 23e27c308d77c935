"""Trino's times, where DuckDB would count, cut or compare them otherwise.

A time AT TIME ZONE is what the clocks of the zone show, a timestamp that has lost its zone. Where
the moment is wanted that it stands for, it is put back beforehand.
"""

import re

from sqlglot import exp

from console.engines.dialects.calling import call
from console.engines.statement import QueryError

MOMENTS = {
    exp.AtTimeZone: ("this",),
    exp.TimeToUnix: ("this",),
    exp.Between: ("this", "low", "high"),
    exp.In: ("this", "expressions"),
} | dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), ("this", "expression"))
LONG = ("day", "week", "month", "quarter", "year")
STILL_LOCAL = (exp.Paren, exp.DateTrunc, exp.TimestampTrunc, exp.DateAdd, exp.DateSub)


def put_moments(tree):
    """Replace times in zones by the moments they stand for, where these are what is asked for."""
    tree = tree.transform(in_one_form, copy=False)
    for node in reversed(list(tree.walk())):
        if is_call(node, "format_datetime") and (zone := zone_of(node.expressions[0])):
            node.append("expressions", zone.copy())
        for each in (found for key in keys_of(node) for found in listed(node.args.get(key))):
            if zone := zone_of(each):
                each.replace(moment(each, zone))
    return tree


def in_one_form(node):
    """Write the functions that put times into zones as AT TIME ZONE."""
    if isinstance(node, exp.UnixToTime) and (zone := node.args.get("zone")):
        return exp.AtTimeZone(this=exp.UnixToTime(this=node.this), zone=zone)
    if is_call(node, "at_timezone"):
        return exp.AtTimeZone(this=node.expressions[0], zone=node.expressions[1])
    return node


def is_call(node, name):
    """Return whether a node calls a function by this name with two values."""
    return (
        isinstance(node, exp.Anonymous) and node.name.lower() == name and len(node.expressions) == 2
    )


def keys_of(node):
    """Return which parts of a node have to be moments."""
    if isinstance(node, exp.Cast):
        return ("this",) if node.to.is_type("timestamptz") else ()
    return ("this", "expression") if is_difference(node) else MOMENTS.get(type(node), ())


def is_difference(node):
    """Return whether a node tells how far apart two moments are.

    Days and longer are counted on the clocks of a zone, where both times are in one.
    """
    if isinstance(node, exp.Sub):
        return not isinstance(node.expression, exp.Interval)
    if not isinstance(node, exp.DateDiff):
        return False
    both = zone_of(node.this) and zone_of(node.this) == zone_of(node.expression)
    return not (both and node.unit.name.lower() in LONG)


def listed(value):
    return value if isinstance(value, list) else [value]


def zone_of(node):
    """Return the zone whose clocks show a time; None for times that are moments."""
    while isinstance(node, STILL_LOCAL) or is_shifted(node):
        node = node.this
    return node.args["zone"] if isinstance(node, exp.AtTimeZone) else None


def is_shifted(node):
    return isinstance(node, exp.Add | exp.Sub) and isinstance(node.expression, exp.Interval)


def moment(node, zone):
    if isinstance(node.unnest(), exp.AtTimeZone):
        return exp.cast(node.unnest().this.copy(), "timestamptz")
    return call("with_timezone", node, zone)


def whole_units(node):
    """Count the whole units between two times, not the borders crossed."""
    unit = exp.Literal.string(node.unit.name.lower())
    return call("date_sub", unit, node.expression, node.this)


def truncate_time(node):
    return call("trino_date_trunc", exp.Literal.string(node.unit.name.lower()), node.this)


def keep_type(node):
    """Let a date stay a date when days are added to it."""
    return call("cast_to_type", node, node.this)


def keep_type_of_sum(node):
    left, right = node.this, node.expression
    if isinstance(left, exp.Interval) == isinstance(right, exp.Interval):
        return node
    return call("cast_to_type", node, right if isinstance(left, exp.Interval) else left)


def iso_part(node):
    """Count days of the week from Monday."""
    names = {"DOW": "isodow", "DAYOFWEEK": "isodow", "DAY_OF_WEEK": "isodow", "YOW": "isoyear"}
    name = names.get(node.this.name.upper())
    return exp.Extract(this=exp.var(name), expression=node.expression.copy()) if name else node


JAVA = re.compile(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+")
READ = {"M": "%m", "d": "%d", "H": "%H", "h": "%I", "m": "%M", "s": "%S", "a": "%p", "Z": "%z"}
READ |= {letter * 2: form for letter, form in READ.items()}
READ |= dict.fromkeys(("y", "yyy", "yyyy", "Y", "YYYY"), "%Y") | {"yy": "%y"}
READ |= {"MMM": "%b", "MMMM": "%B", "E": "%a", "EEE": "%a", "EEEE": "%A", "SSS": "%g"}


def parse_datetime(node):
    """Read a time by a pattern of Java's, which DuckDB has to know before it runs."""
    pattern = node.args.get("format")
    if pattern is None or not pattern.is_string:
        raise QueryError("Write the pattern of parse_datetime as a text, such as 'yyyy-MM-dd'.")
    form = exp.Literal.string(strptime(pattern.name))
    return exp.cast(call("strptime", node.this, form), "timestamptz")


def strptime(pattern):
    """Return a pattern of Java's as strptime has it."""
    parts = list(JAVA.finditer(pattern))
    unknown = [part[0] for part in parts if part[2] and part[0] not in READ]
    if unknown or "".join(part[0] for part in parts) != pattern:
        raise QueryError(f'"{pattern}" is not understood as a time format.')
    return "".join(READ.get(part[0]) or literally(part) for part in parts)


def literally(part):
    text = part[0] if part[1] is None else part[1] or "'"
    return text.replace("%", "%%")
