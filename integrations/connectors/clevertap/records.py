"""Rows as the records of a request, each the text of a JSON object with a comma behind it."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from integrations.connectors.clevertap.joining import Pieces, by_arrow
from integrations.connectors.clevertap.layout import Layout, layout_of
from integrations.connectors.clevertap.operations import IDENTITIES, operation_name, operation_of
from integrations.connectors.clevertap.values import (
    Values,
    bare,
    is_blank,
    listed,
    members,
    quoted,
    timestamps,
    values_of,
)
from integrations.formats.quoting import TEXT, join
from integrations.formats.text import text_of

TYPES = {"email": "email", "phone": "phone"}
STATUSES = {"unsubscribe": "Unsubscribe", "resubscribe": "Resubscribe"}


def records_of(
    batch: pa.RecordBatch, settings: dict, joined: Callable[[Pieces], pa.Array] = by_arrow
) -> pa.Array:
    """Return the record of each row, with a comma behind it."""
    layout = layout_of(batch.schema.names, operation_of(settings))
    return joined(BUILDERS[operation_name(settings)](batch, layout, settings))


def profiles(batch, layout, settings):
    single, arrays = layout.single_values(), settings["array_operation"]
    head = members(who_and_when(batch, layout))
    data = members(
        (key, values_of(batch[column], column, "" if key in single else arrays))
        for key, column in layout.properties.items()
    )
    return ['{"type":"profile",', *head, ',"profileData":{', *data, "}},"]


def events(batch, layout, settings):
    head = members([*who_and_when(batch, layout), ("evtName", texts(batch, layout, "evtName"))])
    named = [
        (key, values_of(batch[name], name, "replace")) for key, name in layout.properties.items()
    ]
    if layout.items:
        named.append(("Items", items(batch, layout)))
    return ['{"type":"event",', *head, ',"evtData":{', *members(named), "}},"]


def items(batch: pa.RecordBatch, layout: Layout) -> Values:
    """Return the array of the items of each row, null where it has none."""
    found = listed([item(batch, columns) for columns in layout.items.values()])
    return Values("[", empty_as_null(found), "]")


def item(batch, columns):
    found = members((key, values_of(batch[column], column)) for key, column in columns.items())
    return join(["{", empty_as_null(by_arrow(found)), "}"])


def empty_as_null(column):
    return pc.if_else(pc.equal(pc.binary_length(column), 0), None, column)


def blank_as_null(column):
    return pc.if_else(is_blank(column), None, column)


def tokens(batch, layout, settings):
    data = [(key, texts(batch, layout, key)) for key in ("id", "type")]
    if keys := layout.fields.get("keys"):
        data.append(("keys", bare(text_of(batch[keys]).cast(TEXT))))
    device = texts(batch, layout, "objectId")
    return ['{"type":"token","objectId":', *device, ',"tokenData":{', *members(data), "}},"]


def identities(batch, layout, settings):
    return [*texts(batch, layout, "identity"), ","]


def subscriptions(batch, layout, settings):
    named = [
        ("type", spelled(batch[layout.fields["type"]], TYPES)),
        ("value", texts(batch, layout, "value")),
        ("status", spelled(batch[layout.fields["status"]], STATUSES)),
    ]
    return ["{", *members(named), "},"]


def phones(batch, layout, settings):
    return ['{"type":"phone","value":', *texts(batch, layout, "value"), "},"]


def who_and_when(batch: pa.RecordBatch, layout: Layout) -> list[tuple[str, Values]]:
    """Return whom a record is of, and its time where it has one."""
    found = [
        (name, quoted(blank_as_null(text_of(batch[layout.fields[name]]).cast(TEXT))))
        for name in IDENTITIES
        if name in layout.fields
    ]
    if column := layout.fields.get("ts"):
        found.append(("ts", bare(timestamps(batch[column]).cast(TEXT))))
    return found


def texts(batch, layout, name) -> Values:
    """Return a column of the operation as JSON strings, whatever its type."""
    return quoted(text_of(batch[layout.fields[name]]).cast(TEXT))


def spelled(column: pa.Array, words: dict[str, str]) -> Values:
    """Return texts that are one of a few words in any case, as CleverTap writes them."""
    places = pc.index_in(pc.utf8_lower(column.cast(TEXT)), pa.array(words, TEXT))
    return quoted(pa.array(words.values(), TEXT).take(places))


BUILDERS = {
    "upload_profiles": profiles,
    "user_events": events,
    "upload_tokens": tokens,
    "demerge": identities,
    "subscribe": subscriptions,
    "disassociate": phones,
}
