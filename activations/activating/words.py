"""What an activation sends, in words: each column of the output and what it is made of."""

from typing import NamedTuple

from activations.mapping.behaviors import names_of
from activations.mapping.shape import checked
from activations.models import Activation
from activations.rules import Audience
from activations.rules.audience import KEY
from activations.segments.usable import shown

HASHED = "SHA-256 of the trimmed text in lower case"
PARTS = {
    "segment_id": "the id of the segment",
    "segment_name": "the name of the segment",
    "audience_id": "the id of the audience",
}


class Output(NamedTuple):
    """A column of the output."""

    name: str
    source: str
    note: str = ""


def outputs(activation: Activation, audience: Audience | None) -> list[Output]:
    """Return the columns of the output in their order. `audience` is that of the owner."""
    mapping = checked(activation.mapping)
    found = every_column(audience) if mapping["all_columns"] else []
    for column in mapping["columns"]:
        found += MAKERS[column["kind"]](column)
    return found


def every_column(audience):
    """Return all attributes that the owner may see, as they are called."""
    if audience is None:
        return [Output("…", "all attributes, once the parent segment is refreshed")]
    return [Output(name, f"attribute {name}") for name in shown(audience.attributes)]


def attribute(column):
    source = column["source"]
    what = "the key of the customer" if source == KEY else f"attribute {source}"
    return [Output(column["name"], what, hashed(column))]


def string(column):
    return [Output(column["name"], " + ".join(map(part, column["parts"])))]


def part(said):
    """Return a part of a string in words."""
    if said["type"] == "string":
        return f"“{said['value']}”"
    if said["type"] == "timestamp":
        return f"the time of the run as {said['format']}"
    return PARTS[said["type"]]


def behavior(column):
    """Return the columns of a behavior: those of N rows where they stand beside each other."""
    found = []
    for each in column["columns"]:
        names = names_of(column, each["name"])
        for number, name in enumerate(names, 1):
            source = f"{column['behavior']}: {each['source']}, "
            source += which(column, number if len(names) > 1 else 0)
            found.append(Output(name, source, hashed(each)))
    return found


def which(column, number):
    """Say which rows of a behavior are meant."""
    if column["strategy"] == "all":
        return "a row for each time"
    by = f" by {column['order_by']}" if column["order_by"] else ""
    if column["strategy"] != "top":
        return f"the {column['strategy']}{by}"
    top = f"the first {column['rows']}{by}"
    order = "the largest first" if column["descending"] else "the least first"
    return f"number {number} of {top}, {order}" if number else f"{top}, {order}"


def hashed(column):
    return HASHED if column["hash"] else ""


MAKERS = {"attribute": attribute, "string": string, "behavior": behavior}
