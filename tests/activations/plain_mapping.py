"""Customers and what they did with ties and gaps, and plain Python that maps them."""

import datetime as dt
import re
from functools import cmp_to_key
from hashlib import sha256
from zoneinfo import ZoneInfo

from activations.rules import Audience, Behavior
from activations.rules.audience import KEY
from tests.activations.audience_data import ATTRIBUTES, NOW, TYPES, ZONE, column

DAY = 86_400
DIGEST = sha256(b"ann@example.com").hexdigest()
WORDS = [" Ann@Example.com\t", "ann@example.com", DIGEST, DIGEST.upper(), "", " ", "Zoë ÉCOLE"]
WORDS += ['it\'s; $1 -- "x"\nnext', None]
DOES = {
    KEY: "varchar",
    "kind": "varchar",
    "amount": "double",
    "whole": "bigint",
    "gift": "boolean",
    "day": "date",
    "tags": "array(varchar)",
    "time": "bigint",
}
SIGNED = {KEY: "varchar", "word": "varchar"}
ORDERS = Behavior("behavior_orders", {each: column(each, kind) for each, kind in DOES.items()})
ORDERS = Behavior(ORDERS.table, ORDERS.columns, "time")
SIGNS = Behavior("behavior_signs", {each: column(each, kind) for each, kind in SIGNED.items()})
BEHAVIORS = {"orders": ORDERS, "signs": SIGNS}
ROOM = Audience(
    "aud", {each: found for each, found in ATTRIBUTES.items() if each != KEY}, BEHAVIORS, ZONE
)


def customers(number=24):
    return [customer(n) for n in range(number)]


def customer(n):
    born = dt.date(1990, 1, 1) + dt.timedelta(days=n * 37)
    found = {
        "email": WORDS[n % len(WORDS)],
        "age": 18 + n % 9,
        "value": [0.0, 0.5, 1e10, -3.25, 1e-5][n % 5],
        "member": n % 2 == 0,
        "born": born,
        "seen": NOW - n * DAY,
        "joined": dt.datetime.fromisoformat("2026-01-01 12:30:15.250") + dt.timedelta(hours=n),
        "tags": [[], ["a"], ["b", "it's"]][n % 3],
        "scores": [[1, 2], []][n % 2],
    }
    empty = {name for place, name in enumerate(found) if (n + place) % 7 == 3}
    return {KEY: f"c{n:03}"} | {name: None if name in empty else found[name] for name in found}


def orders():
    """Customer n has n % 6 of them; some have the same time, and some have none."""
    return [order(n, place) for n in range(30) for place in range(n % 6)]


def order(n, place):
    gap = (n + place) % 5 == 0
    return {
        KEY: f"c{n:03}",
        "kind": WORDS[(n + place) % len(WORDS)],
        "amount": None if gap else [2.5, 1.0, 40.0][(n * place) % 3],
        "whole": n - place,
        "gift": [True, False, None][(n + place) % 3],
        "day": None if gap else dt.date(2026, 3, 1) + dt.timedelta(days=n * place),
        "tags": [["x"], None, []][place % 3],
        "time": None if place == 4 else NOW - (place // 2) * DAY,
    }


def signs():
    return [{KEY: f"c{n:03}", "word": WORDS[n % len(WORDS)]} for n in (1, 1, 2, 5, 9, 9, 9, 40)]


TABLES = {
    "customers": (customers(), TYPES),
    "behavior_orders": (orders(), DOES),
    "behavior_signs": (signs(), SIGNED),
}


def mapped(mapping, keys, told, now=NOW):
    """Return the rows that a mapping makes of customers, in their order."""
    found = []
    for customer in TABLES["customers"][0]:
        if customer[KEY] in keys:
            found += rows_of(customer, mapping, told, now)
    return found


def rows_of(customer, mapping, told, now):
    row, several = {}, [{}]
    if mapping["all_columns"]:
        row = {name: customer[name] for name in ROOM.attributes}
    for item in mapping["columns"]:
        if item["kind"] == "attribute":
            row[item["name"]] = value(customer[item["source"]], item)
        elif item["kind"] == "string":
            row[item["name"]] = "".join(piece(part, told, now) for part in item["parts"])
        else:
            events = events_of(customer, item) or [None]
            made = [behavior(item, each) for each in events]
            row |= dict.fromkeys(made[0])  # its place among the columns
            if len(made) == 1:
                row |= made[0]
            else:
                several = made
    return [row | each for each in several]


def events_of(customer, item):
    """Return the events that are taken, in their order; one list of them where beside."""
    columns = BEHAVIORS[item["behavior"]]
    rows, _ = TABLES[columns.table]
    own = [each for each in rows if each[KEY] == customer[KEY]]
    strategy = item["strategy"]
    down = strategy == "last" or (strategy == "top" and item["descending"])
    by = [(item["order_by"] or columns.time, down)]
    by = [*by, *((each["source"], False) for each in item["columns"])]
    own.sort(key=cmp_to_key(lambda one, other: compared(one, other, by)))
    if strategy == "all":
        return own
    own = own[: item["rows"] if strategy == "top" else 1]
    return [own] if strategy == "top" and item["format"] == "columns" else own


def compared(one, other, by):
    for name, down in by:
        left, right = one.get(name), other.get(name)
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        return (1 if left > right else -1) * (-1 if down else 1)
    return 0


def behavior(item, event):
    if item["strategy"] == "top" and item["format"] == "columns":
        return {
            f"{each['name']}_{n + 1}": value(
                event[n][each["source"]] if event and n < len(event) else None, each
            )
            for each in item["columns"]
            for n in range(item["rows"])
        }
    return {
        each["name"]: value(event[each["source"]] if event else None, each)
        for each in item["columns"]
    }


def value(found, item):
    return hashed(found) if item["hash"] else found


def hashed(found):
    if found is None:
        return None
    tidy = as_text(found).strip().lower()
    if re.fullmatch("[0-9a-f]{64}", tidy):
        return tidy
    return sha256(tidy.encode()).hexdigest() if tidy else None


def as_text(found):
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, float):
        return {1e10: "1.0E10", 1e-5: "1.0E-5"}.get(found, str(found))
    if isinstance(found, dt.datetime):
        return f"{found:%Y-%m-%d %H:%M:%S}.{found.microsecond // 1000:03}"
    return str(found)


def piece(part, told, now):
    if part["type"] == "timestamp":
        moment = dt.datetime.fromtimestamp(now, ZoneInfo(told["timezone"]))
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    return part.get("value") if part["type"] == "string" else str(told[part["type"]])
