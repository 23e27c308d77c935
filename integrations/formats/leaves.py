"""Columns of single values as text: the types are Arrow's, the words Java's and Trino's."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from integrations.errors import PermanentError
from integrations.formats.floats import float_text
from integrations.formats.quoting import TEXT, data_of, join, offsets_of
from integrations.formats.temporal import duration_text, temporal_text

OUT_OF_RANGE = b"<value out of range"  # Arrow's words
UUID_PARTS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


def leaf_text(column: pa.Array, name: str) -> pa.Array:
    """Return the values as texts; nulls stay null."""
    for fits, convert in TEXTS:
        if fits(column.type):
            texts = convert(column)
            if types.is_temporal(column.type):
                check_range(texts, name)
            return texts
    raise PermanentError(
        f"Column {name} has the type {column.type}, which has no text.",
        remedy="Cast the column to varchar in the query.",
    )


def check_range(texts: pa.Array, name: str) -> None:
    """Refuse dates and times that no calendar has, such as infinity."""
    if OUT_OF_RANGE in data_of(texts):
        raise PermanentError(
            f"Column {name} holds a date or a time that is out of range.",
            remedy="Replace such values in the query, for example by null.",
        )


def cast(column: pa.Array) -> pa.Array:
    return pc.cast(column, TEXT)


def decimal_text(column: pa.Array) -> pa.Array:
    """Return decimals with all their places and no exponent."""
    texts = cast(column)
    if b"E" not in data_of(texts):
        return texts
    plain = (text and f"{Decimal(text):f}" for text in texts.to_pylist())
    return pa.array(plain, TEXT)


def hex_text(column: pa.Array) -> pa.Array:
    """Return binary as upper-case hexadecimal digits, as to_hex() does."""
    column = pc.cast(column, pa.large_binary())
    offsets = offsets_of(column)
    places = pc.multiply(pc.subtract(offsets, offsets[0]), 2)
    digits = pa.py_buffer(data_of(column).hex().upper().encode())
    texts = pa.Array.from_buffers(TEXT, len(column), [None, places.buffers()[1], digits])
    return pc.if_else(column.is_valid(), texts, None)


def uuid_text(column: pa.Array) -> pa.Array:
    digits = pc.utf8_lower(hex_text(column.storage))
    return join([pc.utf8_slice_codeunits(digits, *part) for part in UUID_PARTS], "-")


def is_uuid(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.UuidType)


def is_binary(kind: pa.DataType) -> bool:
    return (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


def is_simple(kind: pa.DataType) -> bool:
    return (
        types.is_null(kind)
        or types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
    )


def is_point_in_time(kind: pa.DataType) -> bool:
    return types.is_date(kind) or types.is_time(kind) or types.is_timestamp(kind)


TEXTS = (
    (is_simple, cast),
    (types.is_floating, float_text),
    (types.is_decimal, decimal_text),
    (is_point_in_time, temporal_text),
    (types.is_duration, duration_text),
    (is_uuid, uuid_text),
    (is_binary, hex_text),
)
