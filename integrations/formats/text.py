"""Columns of any type as text. Lists, maps and rows become compact JSON, column by column."""

import json
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from integrations.formats.leaves import is_uuid, leaf_text
from integrations.formats.quoting import TEXT

NOT_NUMBERS = {"NaN", "Infinity", "-Infinity"}


def text_of(column: pa.Array, name: str = "") -> pa.Array:
    """Return the values of a column of any type as texts; nulls stay null."""
    column = unwrapped(column)
    if not types.is_nested(column.type):
        return leaf_text(column, name)
    return pc.if_else(column.is_valid(), pa.array(json_of(column, name), TEXT), None)


def unwrapped(column: pa.Array) -> pa.Array:
    """Return the values themselves, however they are kept."""
    if types.is_dictionary(column.type):
        return unwrapped(column.dictionary_decode())
    if types.is_run_end_encoded(column.type):
        return unwrapped(pc.run_end_decode(column))
    if isinstance(column.type, pa.BaseExtensionType) and not is_uuid(column.type):
        return unwrapped(column.storage)
    return column


def json_of(column: pa.Array, name: str) -> list[str]:
    """Return the JSON of each value."""
    column = unwrapped(column)
    if types.is_struct(column.type):
        texts = rows_of(column, name)
    elif types.is_map(column.type):
        texts = maps_of(column, name)
    elif types.is_nested(column.type):
        texts = lists_of(pc.cast(column, pa.large_list(column.type.value_type)), name)
    else:
        texts = leaves_of(column, name)
    valid = column.is_valid().to_pylist()
    return [text if ok else "null" for text, ok in zip(texts, valid, strict=True)]


def rows_of(column: pa.StructArray, name: str) -> list[str]:
    keys = [quoted(field.name) for field in column.type]
    fields = [json_of(field, name) for field in column.flatten()]
    return [
        "{" + ",".join(f"{key}:{value}" for key, value in zip(keys, values, strict=True)) + "}"
        for values in zip(*fields, strict=True)
    ]


def maps_of(column: pa.MapArray, name: str) -> list[str]:
    keys = leaf_text(unwrapped(within(column.keys, column)), name).to_pylist()
    values = json_of(within(column.items, column), name)
    members = [f"{quoted(key)}:{value}" for key, value in zip(keys, values, strict=True)]
    return ["{" + part + "}" for part in parts(members, column)]


def lists_of(column: pa.LargeListArray, name: str) -> list[str]:
    members = json_of(within(column.values, column), name)
    return ["[" + part + "]" for part in parts(members, column)]


def within(members: pa.Array, column: pa.Array) -> pa.Array:
    """Return the members that the column reaches; a slice does not reach all of them."""
    start, end = column.offsets[0].as_py(), column.offsets[-1].as_py()
    return members.slice(start, end - start)


def parts(members: list[str], column: pa.Array) -> list[str]:
    """Return the members of each value of the column, joined."""
    offsets = column.offsets.to_pylist()
    first = offsets[0]
    return [",".join(members[start - first : end - first]) for start, end in pairwise(offsets)]


def leaves_of(column: pa.Array, name: str) -> list[str]:
    texts = leaf_text(column, name).to_pylist()
    kind = column.type
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_decimal(kind):
        return texts
    if types.is_floating(kind):
        return [quoted(text) if text in NOT_NUMBERS else text for text in texts]
    return [quoted(text) for text in texts]


def quoted(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)
