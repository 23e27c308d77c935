"""Trino's functions of texts, where DuckDB's give others."""

import re

from sqlglot import exp

from console.engines.dialects.calling import call

PARENTHESES = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?![P<])|\(\?P?<[=!]|\(\?P?<\w+>|\(|\)", re.DOTALL
)
LONGEST = 1000  # characters of a pattern that is looked into
TRIMS = {"LEADING": "trino_ltrim", "TRAILING": "trino_rtrim"}


def trim(node):
    """Take away white space of all kinds where no characters are named."""
    if node.expression:
        return node
    return call(TRIMS.get(node.text("position"), "trino_trim"), node.this)


def split(node):
    """Leave all that follows in the last of so many parts."""
    if not (limit := node.args.get("limit")):
        return node
    return call("trino_split", node.this, node.expression, limit)


def substring(node):
    """Give nothing from the place 0 on, nor from before the beginning."""
    start, length = node.args.get("start"), node.args.get("length")
    if start is None or (is_ahead(start) and (length is None or is_ahead(length))):
        return node
    return call("trino_substr", node.this, start, length)


def is_ahead(node):
    return isinstance(node, exp.Literal) and node.is_int and node.name != "0"


def regexp_extract(node):
    """Give NULL for a group that had no part in what was found."""
    group, pattern = node.args.get("group"), node.expression
    found = call("trino_regexp_extract", node.this, pattern, group)
    if not (pattern.is_string and group and group.is_int and never_empty(pattern.name, group)):
        return found
    return exp.Nullif(this=found, expression=exp.Literal.string(""))


def never_empty(pattern, group):
    """Return whether a group of a pattern is known to match no empty text.

    DuckDB gives an empty text for a group that did not match, which can be optional.
    """
    text = group_text(pattern, int(group.name)) if len(pattern) <= LONGEST else None
    try:
        return text is not None and not re.fullmatch(text, "")
    except (re.error, OverflowError, RecursionError):
        return False


def group_text(pattern, number):
    """Return what is between the parentheses of a group; None where there is no such group."""
    opened, count = [], 0
    for found in PARENTHESES.finditer(pattern):
        mark = found[0]
        if mark == "(" or mark.endswith(">"):
            count += 1
            opened.append((count, found.end()))
        elif mark.startswith("("):
            opened.append((0, found.end()))
        elif mark == ")" and opened:
            which, start = opened.pop()
            if which == number > 0:
                return pattern[start : found.start()]
    return None
