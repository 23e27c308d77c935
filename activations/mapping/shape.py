"""The JSON of a mapping: whether it has the shape that can be read at all.

What is said of single columns, such as a name that is missing, is in `problems`: a form in which
somebody is still writing has the shape.
"""

import json

LARGEST = 1 << 20  # characters of a mapping
LONGEST_NUMBER = 18  # characters; what is longer is told to be no number of rows
MOST_COLUMNS = 500
MOST_PARTS = 50  # of one string
ALL_COLUMNS = {"all_columns": True, "columns": []}
PARTS = {
    "string": {"value": ""},
    "timestamp": {"format": ""},
    "segment_id": {},
    "segment_name": {},
    "audience_id": {},
}
PICKED = {"source": "", "name": "", "hash": False}  # a column of a table, and its defaults
BEHAVIOR = {"behavior": "", "strategy": "", "order_by": "", "descending": True, "format": "rows"}


class BadMapping(ValueError):
    """What was sent is no mapping: a sentence."""


def from_json(text: str) -> dict:
    """Return the mapping in a JSON text, with all of its defaults, or raise BadMapping."""
    if len(text) > LARGEST:
        raise BadMapping("The output mapping is too large to be kept.")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMapping("The output mapping is no JSON that can be read.") from None
    return checked(found)


def checked(mapping) -> dict:
    """Return a mapping with all of its defaults, or raise BadMapping."""
    if mapping == {}:
        return ALL_COLUMNS | {"columns": []}
    said = fields(mapping, {"all_columns": False}, "The output mapping")
    items = listed(mapping, "columns", "The output mapping", MOST_COLUMNS)
    return said | {"columns": [item(each, f"Column {n}") for n, each in enumerate(items, 1)]}


def item(found, where) -> dict:
    kind = found.get("kind") if isinstance(found, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadMapping(f"{where} has to be an attribute, a string or a behavior.")
    return {"kind": kind} | KINDS[kind](found, where)


def attribute(found, where):
    return fields(found, PICKED, where)


def string(found, where):
    parts = listed(found, "parts", where, MOST_PARTS)
    return fields(found, {"name": ""}, where) | {"parts": [part(each, where) for each in parts]}


def part(found, where):
    kind = found.get("type") if isinstance(found, dict) else None
    if not isinstance(kind, str) or kind not in PARTS:
        raise BadMapping(f"{where} has a part that is none of: {', '.join(PARTS)}.")
    return {"type": kind} | fields(found, PARTS[kind], where)


def behavior(found, where):
    columns = listed(found, "columns", where, MOST_COLUMNS)
    said = fields(found, BEHAVIOR, where)
    if said["strategy"] == "top":
        said["rows"] = number(found.get("rows"), where)
    return said | {"columns": [fields(each, PICKED, where) for each in columns]}


KINDS = {"attribute": attribute, "string": string, "behavior": behavior}


def fields(found, defaults, where) -> dict:
    """Return the fields of an object that are known, each of the type of its default."""
    if not isinstance(found, dict):
        raise BadMapping(f"{where} has to be an object.")
    return {name: field(found, name, default, where) for name, default in defaults.items()}


def field(found, name, default, where):
    value = found.get(name)
    if value is None:
        return default
    if not isinstance(value, type(default)):
        raise BadMapping(f"{where}: {name} is not what it has to be.")
    return value


def number(value, where):
    """Let a number be what somebody has typed so far."""
    if value is not None and type(value) not in (int, str):
        raise BadMapping(f"{where}: rows is not what it has to be.")
    typed = isinstance(value, str) and value.strip().isdecimal() and len(value) <= LONGEST_NUMBER
    return int(value) if typed else value


def listed(found, name, where, most) -> list:
    value = found.get(name, []) if isinstance(found, dict) else None
    if not isinstance(value, list):
        raise BadMapping(f"{where} needs a list of {name}.")
    if len(value) > most:
        raise BadMapping(f"{where} can have {most} {name} at most.")
    return value
