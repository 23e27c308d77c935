"""Trino's functions of JSON, whose paths begin with lax or strict."""

import re

from sqlglot import exp

from console.engines.dialects.calling import call
from console.engines.statement import QueryError

PATH = re.compile(r'\s*(?:(?:lax|strict)\s)?\s*(\$(?:\.\w+|\."[^"]*"|\[\d+\])*)\s*')
NOT_UNDERSTOOD = "is not understood: write lax or strict, $, and then keys such as .name or [0]."
CLAUSES = "json_value, json_query and json_exists are understood with a value and a path alone: "


def extract(node):
    """Return the part of a JSON text, for json_extract and json_query."""
    if not node.args.get("json_query"):
        return call("trino_json", node.this, node.expression)
    if any(node.args.get(key) for key in ("option", "quote", "on_condition")):
        raise QueryError(f"{CLAUSES}leave out what follows the path of json_query.")
    return exp.cast(call("trino_json", node.this, plain_path(node.expression)), "varchar")


def value(node):
    """Return a single value of a JSON text, in the type that RETURNING names."""
    if not usual(node.args.get("on_condition")):
        raise QueryError(f"{CLAUSES}leave out ON EMPTY and ON ERROR of json_value.")
    found = call("trino_json_scalar", node.this, plain_path(node.args["path"]))
    kind = node.args.get("returning")
    return exp.TryCast(this=found, to=kind.copy()) if kind else found


def usual(condition):
    """Return whether nothing is asked for where there is no value, or what comes unasked."""
    asked = [condition.args.get(key) for key in ("empty", "error", "null")] if condition else []
    return all(each in (None, "NULL ON EMPTY", "NULL ON ERROR") for each in asked)


def exists(node):
    """Return whether a JSON text has something at a path."""
    if len(node.expressions) != 2:
        return node
    json, path = node.expressions
    return call("trino_json_exists", json, plain_path(path))


def plain_path(node):
    """Return a path of SQL's JSON functions as DuckDB writes it, or complain."""
    if not node:
        raise QueryError("Write the path in the JSON too, such as 'lax $.name'.")
    if not node.is_string:
        return node  # sqlglot has read it, so that it has neither lax nor strict
    if found := PATH.fullmatch(node.name):
        return exp.Literal.string(found[1])
    raise QueryError(f"The JSON path {node.name!r} {NOT_UNDERSTOOD}")
