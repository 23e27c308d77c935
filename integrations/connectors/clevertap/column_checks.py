"""What CleverTap asks of the columns: each check yields sentences of what is wrong."""

import re
from collections import Counter
from collections.abc import Iterator

from integrations.connectors.clevertap.layout import Layout, layout_of
from integrations.connectors.clevertap.operations import (
    IDENTITIES,
    Operation,
    operation_name,
    operation_of,
)

FORBIDDEN = '&$",%><!'
MOST_KEY = 120  # characters, and bytes
MOST_PROPERTIES = 256
# What columns that an operation names may hold, where that is not anything.
SINGLES = dict.fromkeys(IDENTITIES, ("texts", "whole numbers", "booleans")) | {
    "evtName": ("texts",)
}
SINGLES_OF_LISTS = {"identity": ("texts", "whole numbers")}
LOOKS_LIKE_ITEM = re.compile(r"items\s*[\[(.]", re.IGNORECASE)


def of(schema, settings) -> tuple[Operation, Layout]:
    operation = operation_of(settings)
    return operation, layout_of(schema.names, operation)


def identity_columns(schema, settings) -> Iterator[str]:
    _, layout = of(schema, settings)
    if not layout.fields.keys() & set(IDENTITIES):
        yield 'There is no column "identity" or "objectId", which say whom a row is of.'


def required_columns(schema, settings) -> Iterator[str]:
    operation, layout = of(schema, settings)
    for name in operation.required:
        if name not in layout.fields:
            yield f'There is no column "{name}".'


def forbidden_characters(schema, settings) -> Iterator[str]:
    for name in checked_names(schema, settings):
        if found := [each for each in FORBIDDEN if each in name]:
            yield f'The name of column "{name}" holds {" ".join(found)}'.rstrip(".") + "."


def long_names(schema, settings) -> Iterator[str]:
    for name in checked_names(schema, settings):
        size = len(name.encode())
        if size > MOST_KEY:
            yield f'The name of column "{name[:40]}…" has {size} bytes; {MOST_KEY} are the most.'


def checked_names(schema, settings) -> list[str]:
    """Return the names that become keys; where other columns are ignored, none does."""
    return schema.names if operation_of(settings).properties else []


def duplicates(schema, settings) -> Iterator[str]:
    names = Counter(name.casefold() for name in schema.names)
    for name, count in names.items():
        if count > 1:
            yield f'{count} columns have the name "{name}": capitals make no difference.'


def nested_columns(schema, settings) -> Iterator[str]:
    operation, _ = of(schema, settings)
    for field in schema if operation.properties else ():
        if kind_of(member_of(field.type)):
            yield f'Column "{field.name}" holds rows or maps; only single values and arrays go.'


def single_columns(schema, settings) -> Iterator[str]:
    operation, layout = of(schema, settings)
    single = layout.fields | (layout.single_values() if operation.noun == "profile" else {})
    for key, column in single.items():
        if key != "keys" and (kind := kind_of(schema.field(column).type)):
            yield f'Column "{column}" holds {kind}, but {key} is a single value in CleverTap.'


def odd_types(schema, settings) -> Iterator[str]:
    operation, layout = of(schema, settings)
    for key, column in layout.fields.items():
        wanted = SINGLES_OF_LISTS if operation.noun == "person" else SINGLES
        held = single_of(schema.field(column).type)
        if held and held not in wanted.get(key, held):
            taken = " or ".join(wanted[key])
            yield (
                f'Column "{column}" holds {held}, where CleverTap takes {taken}; written as text '
                "they would be somebody or something else. Cast it in the query."
            )


def single_of(kind) -> str:
    """Return in a word what single values of a type are; nothing for arrays, rows and maps."""
    from pyarrow import types

    if types.is_nested(kind) or types.is_null(kind):
        return ""
    if types.is_integer(kind) or (types.is_decimal(kind) and kind.scale == 0):
        return "whole numbers"
    if types.is_floating(kind) or types.is_decimal(kind):
        return "numbers with a fraction"
    if types.is_boolean(kind):
        return "booleans"
    return "dates or times" if types.is_temporal(kind) else "texts"


def kind_of(kind) -> str:
    """Return what values of a type hold that are not single ones; nothing where they are."""
    from pyarrow import types

    if not types.is_nested(kind):
        return ""
    return "rows or maps" if member_of(kind) is kind else "arrays"


def member_of(kind):
    """Return the type of the members of arrays; that of other values is their own."""
    from integrations.formats.lists import is_list

    return kind.value_type if is_list(kind) else kind


def too_many_properties(schema, settings) -> Iterator[str]:
    _, layout = of(schema, settings)
    count = len(layout.properties)
    if count > MOST_PROPERTIES:
        yield f"There are {count} properties; {MOST_PROPERTIES} are the most."


def odd_items(schema, settings) -> Iterator[str]:
    _, layout = of(schema, settings)
    if operation_name(settings) == "user_events":
        for name in layout.properties:
            if LOOKS_LIKE_ITEM.match(name):
                yield f'Column "{name}" is not named like Items[0].Category.'
