"""The segments of the demo: by name, in folders, with their rules."""

from typing import NamedTuple


class Made(NamedTuple):
    folder: str
    name: str
    description: str
    rules: list[dict]  # all of them have to hold


def attribute(name, type_, **operator):
    return {
        "type": "Value",
        "leftValue": {"name": name},
        "operator": {"type": type_, **operator},
    }


def orders_of(category, type_, value):
    """Return the rule that a customer has so many orders of a category that were not sent back."""
    of_it = attribute("category", "Equal", rightValue=category)
    kept = attribute("status", "Equal", rightValue="completed")
    left = {
        "source": {"name": "orders"},
        "aggregation": {"type": "Count"},
        "filter": {"type": "And", "conditions": [of_it, kept]},
    }
    return {
        "type": "Value",
        "leftValue": left,
        "operator": {"type": type_, "rightValue": value},
    }


def tree(rules: list[dict]) -> dict:
    """Return the rules as those of a segment: one rule set, all of which has to hold."""
    return {"type": "And", "conditions": [{"type": "And", "conditions": rules}]}


RETENTION, GROWTH = "Retention", "Growth"
OPTED_IN = attribute("email_opt_in", "Equal", rightValue=True)
LAPSED = Made(
    RETENTION,
    "Lapsed gold & platinum",
    "Good customers without an order for three months or more: ask them back.",
    [
        attribute("loyalty_tier", "In", rightValues=["Gold", "Platinum"]),
        attribute("lifecycle", "In", rightValues=["lapsed", "at_risk"]),
    ],
)
AT_RISK = Made(
    RETENTION,
    "Opted-in, at risk",
    "Customers who may be mailed, and whose last order was three to six months ago.",
    [OPTED_IN, attribute("lifecycle", "Equal", rightValue="at_risk")],
)
SUBSCRIBERS = Made(
    GROWTH,
    "New subscribers, 30 days",
    "Who signed up in the last 30 days, and may be mailed.",
    [OPTED_IN, attribute("signup_time", "TimeWithinPast", value=30, unit="day")],
)
COFFEE = Made(
    GROWTH,
    "Coffee lovers without equipment",
    "Three orders of coffee or more, and none of equipment: offer them a grinder.",
    [
        orders_of("Coffee", "GreaterEqual", 3),
        orders_of("Equipment", "Equal", 0),
    ],
)
SEGMENTS = (LAPSED, AT_RISK, SUBSCRIBERS, COFFEE)
