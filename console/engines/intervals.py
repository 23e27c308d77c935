"""Intervals that a query names as TD_INTERVAL's, worked out before it runs.

As constants they are compared while files are read, and parts of files without such times are
skipped. DuckDB takes the subqueries of the functions for something that rows could change.
"""

import _duckdb as duckdb

from console.engines import types

ARGUMENTS = {"td_interval": 1, "td_interval_range": 0}  # where the interval stands
OTHERWISE = "UTC"


def fix(connection, tree) -> None:
    """Make the function that gives intervals one that knows those of the query.

    Where one of them is not written out, or not right, all stays as it is: the query says so.
    """
    found = named(tree)
    if not found or None in found:
        return
    rows = ", ".join(f"({types.literal(spec)}, {types.literal(zone)})" for spec, zone in found)
    ask = f"SELECT x, z, td_interval_between(x, z) FROM (VALUES {rows}) AS named(x, z)"
    try:
        known = connection.execute(ask).fetchall()
    except duckdb.Error:
        return
    if any(ends is None for *_, ends in known):
        return
    whens = " ".join(f"WHEN {same(spec, zone)} THEN {ends}" for spec, zone, ends in known)
    connection.execute(f"CREATE OR REPLACE MACRO td_interval_between(x, z) AS CASE {whens} END")


def same(spec, zone):
    return f"x = {types.literal(spec)} AND z = {types.literal(zone)}"


def named(tree) -> dict:
    """Return the (interval, zone) of each call in DuckDB's syntax tree; None for an unknown one."""
    if isinstance(tree, list):
        return {pair: True for item in tree for pair in named(item)}
    if not isinstance(tree, dict):
        return {}
    place = ARGUMENTS.get(str(tree.get("function_name")).lower())
    own = {} if place is None else {interval(tree.get("arguments", []), place): True}
    return own | named(list(tree.values()))


def interval(arguments, place):
    given = [text(each) for each in arguments[place:]] or [None]
    if None in given or len(given) > 2:
        return None
    return given[0], given[1] if len(given) == 2 else OTHERWISE


def text(argument):
    """Return the text that an argument is; None for others, and for one that is given by name."""
    literal = {} if argument.get("name") else argument["expression"].get("literal", {})
    return literal.get("text") if literal.get("kind") == "STRING" else None
