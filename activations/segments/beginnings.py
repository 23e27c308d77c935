"""Segments to begin with, made of what a parent segment has."""

from typing import NamedTuple

from activations.rules import Audience, Behavior
from activations.rules.audience import BOOLEAN
from activations.segments.shape import EVERYBODY
from activations.segments.usable import shown

SHOWN = 3
RECENT, LONG = 30, 90  # days
ORDERS = ("order", "purchase", "sale", "transaction", "booking")
CONSENTS = ("opt", "consent", "subscri")


class Beginning(NamedTuple):
    """A segment that the editor can open with."""

    slug: str
    name: str
    about: str
    rules: dict


def beginnings(audience: Audience | None) -> list[Beginning]:
    """Return the first few segments that fit the audience; none before its first refresh."""
    if audience is None:
        return []
    everybody = Beginning("everybody", "Everybody", "All customers there are.", EVERYBODY)
    return [*of_behavior(audience), *of_consent(audience), everybody][:SHOWN]


def beginning(audience: Audience | None, slug: str) -> Beginning | None:
    """Return the beginning of that name, or None."""
    return next((each for each in beginnings(audience) if each.slug == slug), None)


def of_behavior(audience):
    """Yield who did something lately, and who did not for long; orders where there are any."""
    timed = {name: each for name, each in audience.behaviors.items() if is_timed(each)}
    if not timed:
        return
    name = named_like(timed, ORDERS) or next(iter(timed))
    did = name.replace("_", " ")
    yield Beginning(
        "recent",
        f"{did.capitalize()} in the last {RECENT} days",
        f"Customers with at least one of {did} in the last {RECENT} days.",
        all_of(counted(name, RECENT, "GreaterEqual", 1)),
    )
    yield Beginning(
        "lapsed",
        f"No {did} for {LONG} days",
        f"Customers without any of {did} in the last {LONG} days: some to win back.",
        all_of(counted(name, LONG, "Equal", 0)),
    )


def is_timed(behavior: Behavior):
    return behavior.time in shown(behavior.columns)


def of_consent(audience):
    """Yield who has agreed to something, by an attribute that is true or false."""
    attributes = shown(audience.attributes)
    flags = [name for name, each in attributes.items() if each.kind == BOOLEAN]
    if name := named_like(flags, CONSENTS):
        rule = {
            "type": "Value",
            "leftValue": {"name": name},
            "operator": {"type": "Equal", "rightValue": True},
        }
        told = name.replace("_", " ").capitalize()
        yield Beginning("agreed", told, f"Customers for whom {name} is true.", all_of(rule))


def named_like(names, words):
    """Return the first name that has one of the words in it, or nothing."""
    return next((name for name in names if any(word in name.lower() for word in words)), "")


def counted(behavior, days, operator, number):
    """Return the rule of how often a customer did something in the last days."""
    return {
        "type": "Value",
        "leftValue": {
            "source": {"name": behavior},
            "aggregation": {"type": "Count"},
            "window": {"type": "TimeWithinPast", "value": days, "unit": "day"},
        },
        "operator": {"type": operator, "rightValue": number},
    }


def all_of(rule):
    return {"type": "And", "conditions": [{"type": "And", "conditions": [rule]}]}
