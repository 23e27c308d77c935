"""Trino's numbers: casts to whole ones, quotients and means, whose types depend on their parts."""

from sqlglot import exp

from console.engines.dialects.calling import call

WHOLE = ("bigint", "int", "smallint", "tinyint")


def whole(node):
    """Round halves away from zero, and take no text that is not a whole number."""
    if not node.this.is_int:
        node.set("this", call("trino_whole", node.this))
    return node


def divide(node):
    """Divide whole numbers and decimals into their own kind; doubles are divided as they are.

    What a function of ours is given is copied to many places: not so where that would be much.
    """
    parts = (node.this, node.expression)
    if any(map(is_double, parts)):
        return node
    return call("trino_div_once" if any(map(is_large, parts)) else "trino_div", *parts)


def is_large(node):
    calls = (found.name for found in node.find_all(exp.Anonymous))
    return bool(node.find(exp.Subquery)) or any(name.startswith("trino_div") for name in calls)


def is_double(node):
    """Return whether a value is a double for certain. Other quotients are changed before."""
    inner = node.unnest()
    if isinstance(inner, exp.Cast):
        return inner.to.is_type("double")
    return isinstance(inner, exp.Div) or (inner.is_number and "e" in inner.name.lower())


def mean(node):
    """Return a mean, with its FILTER and OVER, in the kind of its values."""
    if isinstance(node, exp.Avg) and not isinstance(node.this, exp.Distinct):
        return call("trino_avg", node.this)
    kinds = (exp.Sum, exp.Count, exp.Avg, exp.Median)
    return call("trino_mean", *(instead(node, kind) for kind in kinds))


def instead(node, kind):
    """Return a copy of a mean as another aggregate of the same values."""
    copy = node.copy()
    inner = copy.find(exp.Avg)
    other = kind(this=inner.this)
    if inner is copy:
        return other
    inner.replace(other)
    return copy
