"""How rules are put to people: every operator, aggregate, unit and way of matching has a label.

The page gets this declaration as JSON, and the lines of a version are made of it.
"""

from typing import NamedTuple

from activations.rules.operators import names_for
from activations.rules.times import SPANS, UNITS

KINDS = {
    "string": "text",
    "number": "number",
    "boolean": "true or false",
    "timestamp": "time",
    "date": "date",
    "string_array": "texts",
    "number_array": "numbers",
}


class Choice(NamedTuple):
    """An operator, or its opposite, as it can be chosen."""

    type: str
    label: str
    opposite: str  # the label of the operator with `not`
    shape: str = "none"  # of its value: none, one, many, pair, units, unit, ends or ago
    both: bool = True  # whether the opposite is offered; one that is there already is shown anyhow

    def as_dicts(self):
        key = f"{self.type}~ago" if self.shape == "ago" else self.type
        same = {"type": self.type, "shape": self.shape}
        yield same | {"key": key, "label": self.label, "not": False, "offered": True}
        yield same | {"key": f"!{key}", "label": self.opposite, "not": True, "offered": self.both}


PLAIN = (
    Choice("Equal", "is", "is not", "one"),
    Choice("In", "is one of", "is none of", "many"),
)
EMPTY = Choice("IsNull", "is empty", "is not empty")
TEXTS = (
    Choice("Contain", "contains", "does not contain", "many"),
    Choice("StartWith", "starts with", "does not start with", "many"),
    Choice("EndWith", "ends with", "does not end with", "many"),
    Choice("Regexp", "matches the pattern", "does not match the pattern", "one"),
)
NUMBERS = (
    Choice("GreaterEqual", "is at least", "is not at least", "one", both=False),
    Choice("Greater", "is more than", "is not more than", "one", both=False),
    Choice("LessEqual", "is at most", "is not at most", "one", both=False),
    Choice("Less", "is less than", "is not less than", "one", both=False),
    Choice("Between", "is between", "is not between", "pair"),
)
MOMENTS = (
    Choice("Greater", "is after", "is not after", "one", both=False),
    Choice("GreaterEqual", "is on or after", "is not on or after", "one", both=False),
    Choice("Less", "is before", "is not before", "one", both=False),
    Choice("LessEqual", "is on or before", "is not on or before", "one", both=False),
    Choice("Between", "is between", "is not between", "pair"),
)
RELATIVE = (
    Choice("TimeWithinPast", "is in the last", "is not in the last", "units"),
    Choice("TimeWithinNext", "is in the next", "is not in the next", "units"),
    Choice("TimeToday", "is today", "is not today"),
    Choice("TimeThis", "is in this", "is not in this", "unit"),
    Choice("TimeLast", "is in the previous", "is not in the previous", "unit"),
    Choice("TimeNext", "is in the following", "is not in the following", "unit"),
    Choice("TimeInBetweenPast", "is in the past, between", "is not in the past, between", "ends"),
    Choice(
        "TimeInBetweenNext", "is in the future, between", "is not in the future, between", "ends"
    ),
)
# Of times only: a date is compared with a date.
AGO = (
    Choice("Less", "is longer ago than", "is not longer ago than", "ago", both=False),
    Choice("GreaterEqual", "is at most so long ago as", "is longer ago than", "ago", both=False),
    Choice("Greater", "is less long ago than", "is not less long ago than", "ago", both=False),
    Choice("LessEqual", "is at least so long ago as", "is less long ago than", "ago", both=False),
    Choice(
        "Equal", "is exactly so long ago as", "is not exactly so long ago as", "ago", both=False
    ),
)
CHOICES = {
    "string": (*PLAIN, *TEXTS, EMPTY),
    "number": (PLAIN[0], *NUMBERS, PLAIN[1], EMPTY),
    "boolean": (PLAIN[0]._replace(both=False), EMPTY),
    "timestamp": (*RELATIVE, *MOMENTS, *AGO, *PLAIN, EMPTY),
    "date": (*RELATIVE, *MOMENTS, *PLAIN, EMPTY),
    "string_array": (*PLAIN, *TEXTS, EMPTY),
    "number_array": (PLAIN[0], *NUMBERS, PLAIN[1], EMPTY),
}
WINDOW = {"units": "in the last", "": "at any time"}

AGGREGATES = {
    "Count": {"label": "Number of times", "of": None},
    "CountDistinct": {"label": "Number of different", "of": [*KINDS]},
    "Sum": {"label": "Sum of", "of": ["number"]},
    "Average": {"label": "Average of", "of": ["number"]},
    "Min": {"label": "Least", "of": ["number", "timestamp"]},
    "Max": {"label": "Most", "of": ["number", "timestamp"]},
    "First": {"label": "First", "of": [*KINDS], "timed": True},
    "Last": {"label": "Last", "of": [*KINDS], "timed": True},
}
OF_COLUMN = ("Min", "Max", "First", "Last")  # their value is of the kind of the column
MATCHING = {
    "any": "any of them",
    "all": "all of them",
    "atLeast": "at least",
    "atMost": "at most",
    "exactly": "exactly",
}
JOINTS = {"And": "all", "Or": "any"}


def offered(kind: str) -> list[dict]:
    """Return the operators of a kind of values, as they can be chosen."""
    known = set(names_for(kind))
    return [said for each in CHOICES[kind] if each.type in known for said in each.as_dicts()]


def spoken() -> dict:
    """Return the whole declaration for the page."""
    relative = [each for each in RELATIVE if each.type in SPANS]
    return {
        "operators": {kind: offered(kind) for kind in KINDS},
        "kinds": KINDS,
        "windows": [said for each in relative for said in each.as_dicts() if not said["not"]],
        "aggregates": {
            name: said | {"ofColumn": name in OF_COLUMN} for name, said in AGGREGATES.items()
        },
        "matching": MATCHING,
        "units": [*UNITS],
        "joints": JOINTS,
    }
