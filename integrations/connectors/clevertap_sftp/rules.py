"""What CleverTap's import asks of columns and rows, of its list of errors what can be told before.

The import reports these one by one, hours later and by mail.
"""

from functools import reduce

from integrations.connectors.clevertap.system_events import SYSTEM_EVENTS
from integrations.connectors.clevertap_sftp.columns import (
    EVENT_NAME,
    IDENTITIES,
    OPERATION,
    OPERATIONS,
    TIME,
    columns_of,
    is_channel,
    property_of,
)
from integrations.contract import Broken, ColumnRule, RowRule

FILES = "CleverTap, Imports via SFTP: Sample CSV files"
MANIFESTS = "CleverTap, Imports via SFTP: Sample manifest file"
ERRORS = "CleverTap, Imports via SFTP: Troubleshooting"
DATES = "CleverTap, Imports via SFTP: Supported date time format"
MOST_PROPERTIES = 100
LONGEST_ID = 1023  # characters
PATTERNS = {
    "INTEGER": r"^[+-]?\d+$",
    "LONG": r"^[+-]?\d+$",
    "FLOAT": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$",
    "BOOLEAN": r"^(?i:true|false|1|0)$",
}
EPOCH = r"^\d+$"

# Arrow takes a third of a second to load: only the checks themselves import it.


def identity_column(schema, settings):
    if not columns_of(schema.names, settings, *IDENTITIES):
        yield (
            "At least one column has to be the identity, objectId, guid, fbId or gpId of the user: "
            "call it so, or say so in the table of columns."
        )


def event_column(schema, settings):
    found = columns_of(schema.names, settings, EVENT_NAME)
    if len(found) != 1:
        yield f"One column has to be the name of the event (evtName), and {len(found)} are."


def known_columns(schema, settings):
    for name in settings["columns"]:
        if name not in schema.names:
            yield f"The table of columns names {name}, which the result does not have."


def distinct_properties(schema, settings):
    seen = {}
    for name in schema.names:
        if name == "" or "\n" in name or "\r" in name:
            yield f"{name!r} is no name of a column."
        called = property_of(name, settings)
        if called in seen:
            yield f"Both {seen[called]} and {name} are the property {called}."
        seen.setdefault(called, name)


def operation_columns(schema, settings):
    for name in operations_in(schema):
        if settings["import_type"] == "event":
            yield f"{name}: only profiles have operations."
        elif name.removesuffix(OPERATION) not in schema.names:
            yield f"{name} is beside no column {name.removesuffix(OPERATION)}."


def operations_in(schema):
    return [name for name in schema.names if name.endswith(OPERATION)]


def single_values(schema, settings):
    import pyarrow as pa

    for column in schema:
        if pa.types.is_nested(column.type):
            yield f"{column.name} holds lists, maps or rows, which the import does not take."


def few_properties(schema, settings):
    others = columns_of(schema.names, settings, *IDENTITIES, EVENT_NAME, TIME)
    count = len(schema.names) - len(others)
    if count > MOST_PROPERTIES:
        yield f"An event has at most {MOST_PROPERTIES} properties, and here are {count}."


def texts(batch, name, settings):
    from integrations.connectors.clevertap_sftp.values import texts_of

    return texts_of(batch, name, settings)


def unlike(batch, name, settings, pattern, reason):
    """Return the rows whose value is there and does not match."""
    import pyarrow.compute as pc

    found = texts(batch, name, settings)
    said = pc.not_equal(found, "")
    return Broken(pc.and_(said, pc.invert(pc.match_substring_regex(found, pattern))), reason)


def is_nobody(batch, settings):
    import pyarrow.compute as pc

    masks = []
    for name in columns_of(batch.schema.names, settings, *IDENTITIES):
        trimmed = pc.utf8_trim_whitespace(texts(batch, name, settings))
        length = pc.fill_null(pc.utf8_length(trimmed), 0)
        masks.append(pc.and_(pc.greater(length, 0), pc.less_equal(length, LONGEST_ID)))
    yield Broken(
        pc.invert(reduce(pc.or_, masks)),
        "At least one of identity, objectId, guid, fbId and gpId has to be there, with fewer than "
        "1,024 characters.",
    )


def is_no_event(batch, settings):
    import pyarrow as pa
    import pyarrow.compute as pc

    [name] = columns_of(batch.schema.names, settings, EVENT_NAME)
    found = pc.utf8_lower(pc.utf8_trim_whitespace(texts(batch, name, settings)))
    missing = pc.fill_null(pc.equal(found, ""), True)
    yield Broken(missing, "The name of the event is missing.")
    restricted = pa.array([each.lower() for each in SYSTEM_EVENTS], found.type)
    yield Broken(
        pc.is_in(found, restricted), "The name of the event is one of CleverTap's own events."
    )


def is_no_operation(batch, settings):
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in operations_in(batch.schema):
        found = texts(batch, name, settings)
        wrong = pc.invert(pc.is_in(found, pa.array([*OPERATIONS, "", None], found.type)))
        yield Broken(wrong, f"{name} has to be one of {', '.join(OPERATIONS)}, or empty.")


def is_no_time(batch, settings):
    for name in columns_of(batch.schema.names, settings, TIME):
        yield unlike(batch, name, settings, EPOCH, f"{name} is not an epoch in seconds.")


def is_no_date(batch, settings):
    import pyarrow.compute as pc

    from integrations.formats.text import text_of

    for name, cells in settings["columns"].items():
        if "dateFormat" in cells:
            column = text_of(batch.column(batch.schema.names.index(name)), name)
            given = pc.not_equal(pc.utf8_trim_whitespace(column), "")
            lost = pc.is_null(texts(batch, name, settings))
            yield Broken(
                pc.and_(given, lost), f"{name} is no date of the form {cells['dateFormat']}."
            )


def is_of_another_type(batch, settings):
    for name, cells in settings["columns"].items():
        kind = cells.get("dataType", "")
        if kind in PATTERNS:
            yield unlike(batch, name, settings, PATTERNS[kind], f"{name} is not {kind}.")


def is_no_choice(batch, settings):
    for name in batch.schema.names:
        if is_channel(name, settings) and not name.endswith(OPERATION):
            reason = f"{name} has to be true, false, 1 or 0."
            yield unlike(batch, name, settings, PATTERNS["BOOLEAN"], reason)


CONTRACT = (
    ColumnRule(
        name="columns",
        sentence="The table of columns names columns that the result has.",
        source=MANIFESTS,
        check=known_columns,
        remedy="Mend Columns, the table in the export; or give the result such a column.",
    ),
    ColumnRule(
        name="identity-column",
        sentence="A column is the identity, objectId, guid, fbId or gpId of the user.",
        source=FILES,
        check=identity_column,
    ),
    ColumnRule(
        name="event-column",
        sentence="One column is the name of the event, evtName.",
        source=ERRORS,
        when={"import_type": "event"},
        check=event_column,
    ),
    ColumnRule(
        name="properties",
        sentence="Each column has a name, and no two are the same property.",
        source=MANIFESTS,
        check=distinct_properties,
    ),
    ColumnRule(
        name="operation-columns",
        sentence="A column x.operation is beside a column x, of profiles.",
        source=FILES,
        check=operation_columns,
    ),
    ColumnRule(
        name="single-values",
        sentence="No column holds lists, maps or rows, such as the items of Charged.",
        source=MANIFESTS,
        check=single_values,
    ),
    ColumnRule(
        name="event-properties",
        sentence=f"An event has at most {MOST_PROPERTIES} properties.",
        source=ERRORS,
        when={"import_type": "event"},
        check=few_properties,
    ),
    RowRule(
        name="identity",
        sentence="Each row has an id of the user, with fewer than 1,024 characters.",
        source=ERRORS,
        check=is_nobody,
    ),
    RowRule(
        name="event-name",
        sentence="Each event has a name, which is none of CleverTap's own events.",
        source=ERRORS,
        when={"import_type": "event"},
        check=is_no_event,
    ),
    RowRule(
        name="operation",
        sentence="An operation is $add, $remove, $set or $delete.",
        source=ERRORS,
        check=is_no_operation,
    ),
    RowRule(
        name="date",
        sentence="A date in a text has the form that the table of columns says.",
        source=DATES,
        check=is_no_date,
    ),
    RowRule(
        name="time",
        sentence="ts is an epoch.",
        source=FILES,
        check=is_no_time,
    ),
    RowRule(
        name="channel",
        sentence="What begins with MSG- is true, false, 1 or 0.",
        source=FILES,
        check=is_no_choice,
    ),
    RowRule(
        name="data-type",
        sentence="A value is of the data type that the table of columns says.",
        source=MANIFESTS,
        check=is_of_another_type,
    ),
)
