"""The JSON of rules from outside: whether it has the shape that can be read at all."""

import json

from activations.rules.literals import BadValue
from activations.rules.tree import DEEPEST, SETS, check_size

LARGEST = 1 << 20  # characters of a segment's rules
EVERYBODY = {"type": "And", "conditions": []}


class BadShape(ValueError):
    """What was sent are no rules: a sentence."""


def read(text: str) -> dict:
    """Return the rules in a JSON text, or raise BadShape."""
    if len(text) > LARGEST:
        raise BadShape("The rules are too large to be kept.")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadShape("The rules are no JSON that can be read.") from None
    return checked(found)


def checked(rules) -> dict:
    """Return the rules where they are a tree of rule sets, as deep and large as is allowed."""
    if not isinstance(rules, dict) or kind_of(rules) not in SETS:
        raise BadShape("The rules have to be a rule set: all or any.")
    check_node(rules, 0)
    check_limit(rules.get("limit"))
    try:
        check_size(rules)
    except BadValue as error:
        raise BadShape(str(error)) from None
    return rules


def kind_of(node):
    if not isinstance(node.get("type", ""), str):
        raise BadShape("The type of a rule has to be a text.")
    return node.get("type")


def check_node(node, depth):
    if not isinstance(node, dict):
        raise BadShape("A rule has to be an object.")
    if depth > DEEPEST:
        raise BadShape(f"Rule sets are nested deeper than {DEEPEST} levels.")
    kind = kind_of(node)
    if kind == "Reference" and type(node.get("id")) is not int:
        node["id"] = 0  # Nothing has been chosen: the rule says so.
    if kind not in SETS:
        return
    if not isinstance(node.get("conditions"), list):
        raise BadShape("A rule set needs a list of rules.")
    for each in node["conditions"]:
        check_node(each, depth + 1)


def check_limit(limit):
    if limit is None:
        return
    columns = limit.get("orderColumns") or [] if isinstance(limit, dict) else None
    if not isinstance(columns, list) or not all(map(orders, columns)):
        raise BadShape("The limit has to have a number and the columns that it is ordered by.")


def orders(each):
    """Return whether an entry can name a column to order by; it may name none yet."""
    return isinstance(each, dict) and isinstance(each.get("column"), str | None)
