"""The SELECT of an activation: the customers of its segment, with the columns of its mapping."""

from activations.mapping import columns
from activations.mapping.behaviors import MEMBERS, joined, names_of, pick
from activations.mapping.columns import VARCHAR, Output, Told
from activations.mapping.shape import checked
from activations.models import Segment
from activations.rules import Audience, members
from activations.rules.audience import KEY
from activations.rules.literals import name

ALIAS = "c"  # of the customers
NEW_LINE = ",\n  "


def statement(segment: Segment, mapping: dict, audience: Audience, timezone: str) -> str:
    """Return the SELECT of a mapping that has no problems.

    Times are written in `timezone`. Rows are in the order of the customers' keys, so that the
    same data always makes the same file.
    """
    mapping = checked(mapping)
    told = Told(segment.pk, segment.name, segment.parent_segment_id, timezone)
    outputs, joins, order = [], [], [f"{ALIAS}.{name(KEY)}"]
    if mapping["all_columns"]:
        outputs += [own(each.name, each.type) for each in columns.every(audience)]
    for place, item in enumerate(mapping["columns"], 1):
        if item["kind"] != "behavior":
            outputs.append(SINGLE[item["kind"]](item, audience, told))
            continue
        found = joined(item, f"b{place}", audience)
        outputs += found.outputs
        joins.append(found.join)
        order += found.order
    customers = members(segment.rules, audience, needed(mapping, audience), segment.pk)
    lines = [
        f"SELECT\n  {NEW_LINE.join(each.selected for each in outputs)}",
        f"FROM (\n{customers}\n) AS {ALIAS}",
        *joins,
        f"ORDER BY {', '.join(order)}",
    ]
    return "\n".join([*keys(segment, audience, joins), *lines])


def keys(segment, audience, joins):
    """Name the keys of the customers, where behaviors are narrowed to what those did."""
    if not joins:
        return []
    found = members(segment.rules, audience, f"{ALIAS}.{name(KEY)} AS k", segment.pk)
    return [f"WITH {MEMBERS} AS (\n{found}\n)"]


def own(source, type_):
    return Output(source, type_, f"{ALIAS}.{name(source)}")


def attribute(item, audience, _):
    column = columns.attribute_of(audience, item["source"])
    return columns.output(column, item, f"{ALIAS}.{name(column.name)}")


SINGLE = {"attribute": attribute, "string": lambda item, _, told: columns.string(item, told)}


def needed(mapping, audience) -> str:
    """Return the columns of the customers that the output is made of, and their key."""
    found = [KEY]
    if mapping["all_columns"]:
        found += [each.name for each in columns.every(audience)]
    found += [each["source"] for each in mapping["columns"] if each["kind"] == "attribute"]
    return ", ".join(f"{ALIAS}.{name(each)}" for each in dict.fromkeys(found))


def output_columns(mapping: dict, audience: Audience) -> list[tuple[str, str]]:
    """Return name and Trino type of each column that a mapping without problems makes."""
    mapping = checked(mapping)
    found = []
    if mapping["all_columns"]:
        found += [(each.name, each.type) for each in columns.every(audience)]
    for item in mapping["columns"]:
        found += TYPED[item["kind"]](item, audience)
    return found


def typed_attribute(item, audience):
    found = attribute(item, audience, None)
    return [(found.name, found.type)]


def typed_behavior(item, audience):
    found = pick(item, audience)
    return [
        (given, VARCHAR if said["hash"] else column.type)
        for column, said in zip(found.columns, item["columns"], strict=True)
        for given in names_of(item, said["name"])
    ]


TYPED = {
    "attribute": typed_attribute,
    "string": lambda item, _: [(item["name"], VARCHAR)],
    "behavior": typed_behavior,
}
