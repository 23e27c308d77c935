"""Columns as JSON, value by value: texts, numbers, dates and arrays as CleverTap reads them."""

import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from integrations.formats.leaves import decimal_text
from integrations.formats.quoting import TEXT, bytes_of, data_of, join, replaced
from integrations.formats.text import json_of, text_of, unwrapped

ISO = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$"
ISO_SECONDS = 19  # characters of an ISO time up to its seconds
ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
CONTROL = r"[\x00-\x1f]"
WRAPS = {"replace": ("", ""), "append": ('{"$add":', "}"), "remove": ('{"$remove":', "}")}


class Values(NamedTuple):
    """A column as JSON: the texts, and what is before and behind each. Null stays null."""

    before: str
    texts: pa.Array
    after: str


def values_of(column: pa.Array, name: str, arrays: str = "") -> Values:
    """Return each value of a property as JSON.

    With an operation on `arrays`, texts that are a JSON array are arrays too.
    """
    column = unwrapped(column)
    kind = column.type
    if types.is_nested(kind):
        before, after = WRAPS[arrays or "replace"]
        return Values(before, list_texts(column, name), after)
    if is_text(kind):
        return text_values(column.cast(TEXT), arrays)
    if types.is_date(kind) or types.is_timestamp(kind):
        return Values('"$D_', epochs(column).cast(TEXT), '"')
    if types.is_decimal(kind):
        return bare(decimal_text(column))
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return bare(column.cast(TEXT))
    return quoted(text_of(column, name))


def bare(texts: pa.Array) -> Values:
    return Values("", texts, "")


def is_text(kind: pa.DataType) -> bool:
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def is_blank(column: pa.Array) -> pa.Array:
    """Return where a value is null, or a text without a letter."""
    column = unwrapped(column)
    if not is_text(column.type):
        return column.is_null()
    texts = column.cast(TEXT)
    blank = pc.or_(pc.equal(pc.binary_length(texts), 0), pc.ascii_is_space(texts))
    return pc.fill_null(blank, fill_value=True)


def text_values(column: pa.Array, arrays: str) -> Values:
    """Return texts as JSON: those that are times as dates, those that are arrays as such."""
    times = iso_times(column)
    mask = array_mask(column) if arrays else None
    if times is None and mask is None:
        return quoted(column)
    found = join(quoted(column))
    if times is not None:
        dates = join(['"$D_', times.drop_null().cast(TEXT), '"'])
        found = replaced(found, times.is_valid(), dates)
    if mask is not None:
        found = replaced(found, mask, wrapped(column.filter(mask), arrays))
    return bare(found)


def array_mask(column: pa.Array) -> pa.Array | None:
    """Return which texts are JSON arrays, or nothing where none is."""
    if b"[" not in data_of(column):  # as nearly always, and soon seen
        return None
    begins = pc.fill_null(pc.starts_with(column, "["), fill_value=False)
    if not pc.any(begins).as_py():
        return None
    mask = replaced(begins, begins, pa.array(map(is_array, column.filter(begins).to_pylist())))
    return mask if pc.any(mask).as_py() else None


def is_array(text: str) -> bool:
    return array_of(text) is not None


def array_of(text: str) -> list | None:
    """Return the JSON array of single values that a text is, if it is one."""
    try:
        found = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and all(map(is_single, found)) else None


def refuse(constant: str):
    """Refuse NaN and the like: JSON has none of them, though Python reads them."""
    raise ValueError(constant)


def is_single(value) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, list | dict)


def wrapped(arrays: pa.Array, operation: str) -> pa.Array:
    before, after = WRAPS[operation or "replace"]
    return join([before, arrays, after]) if before else arrays


def list_texts(column: pa.Array, name: str) -> pa.Array:
    return pc.if_else(column.is_valid(), pa.array(json_of(column, name), TEXT), None)


def quoted(column: pa.Array) -> Values:
    """Return texts as JSON strings."""
    return Values('"', escaped(column), '"')


def escaped(column: pa.Array) -> pa.Array:
    mask = in_need(column)
    if mask is None:
        return column
    texts = column.filter(mask)
    for character, escape in ESCAPES:
        texts = pc.replace_substring(texts, character, escape)
    rare = pc.match_substring_regex(texts, CONTROL)
    if pc.any(rare).as_py():
        spelled = [spelled_out(text) for text in texts.filter(rare).to_pylist()]
        texts = replaced(texts, rare, pa.array(spelled, TEXT))
    return replaced(column, mask, texts)


def spelled_out(text: str) -> str:
    return "".join(each if each >= " " else f"\\u{ord(each):04x}" for each in text)


def in_need(column: pa.Array) -> pa.Array | None:
    """Return which texts hold a byte that needs an escape, by one look at the bytes of all."""
    found, offsets = bytes_of(column)
    special = np.flatnonzero((found < ord(" ")) | (found == ord('"')) | (found == ord("\\")))
    if not len(special):
        return None
    mask = np.zeros(len(column), bool)
    mask[np.searchsorted(offsets, special, side="right") - 1] = True
    return pc.and_(pa.array(mask), column.is_valid())  # What is null may have bytes as well.


def epochs(column: pa.Array) -> pa.Array:
    """Return dates and timestamps as seconds since 1970, rounded down."""
    zone = getattr(column.type, "tz", None)
    whole = column.cast(pa.timestamp("us", zone), safe=False)
    seconds = pc.floor_temporal(whole.cast(pa.timestamp("us"), safe=False), unit="second")
    return pc.divide(seconds.cast(pa.int64()), 1_000_000)


def iso_times(column: pa.Array) -> pa.Array | None:
    """Return seconds since 1970 for texts that are ISO times in UTC, or nothing for no such one."""
    candidates = pc.fill_null(pc.ends_with(column, "Z"), fill_value=False)
    if not pc.any(candidates).as_py():
        return None
    mask = pc.and_(candidates, pc.fill_null(pc.match_substring_regex(column, ISO), False))
    if not pc.any(mask).as_py():
        return None
    none = pa.nulls(len(column), pa.int64())
    return pc.replace_with_mask(none, mask, seconds_of(column.filter(mask)))


def seconds_of(texts: pa.Array) -> pa.Array:
    """Return the seconds of ISO times; null for a time that no calendar has."""
    shorter = pc.utf8_slice_codeunits(texts, 0, ISO_SECONDS)
    try:
        return shorter.cast(pa.timestamp("s")).cast(pa.int64())
    except pa.ArrowInvalid:
        return pa.array(map(epoch_of, shorter.to_pylist()), pa.int64())


def epoch_of(text: str) -> int | None:
    try:
        return int(datetime.fromisoformat(f"{text}+00:00").timestamp())
    except ValueError:
        return None


def timestamps(column: pa.Array) -> pa.Array:
    """Return a `ts` column as seconds since 1970; null where it is none of the forms."""
    column = unwrapped(column)
    kind = column.type
    if types.is_integer(kind):
        return column.cast(pa.int64(), safe=False)
    if types.is_date(kind) or types.is_timestamp(kind):
        return epochs(column)
    if is_text(kind):
        return text_timestamps(column.cast(TEXT))
    return pa.nulls(len(column), pa.int64())


def text_timestamps(column: pa.Array) -> pa.Array:
    times = iso_times(column)
    digits = pc.match_substring_regex(column, r"^\d{1,18}$")
    numbers = pc.if_else(digits, column, None).cast(pa.int64())
    return numbers if times is None else pc.coalesce(numbers, times)


def members(named: Iterable[tuple[str, Values]]) -> list["str | pa.Array | Values"]:
    """Return the members of a JSON object in each row as pieces of text, to be joined.

    A piece that is null is of a value that is null, and is nothing.
    """
    texts = [(json.dumps(name, ensure_ascii=False), values) for name, values in named]
    if not texts:
        return []
    anchors = [each for each in texts if not each[1].texts.null_count]
    if not anchors:
        return [listed([join([f"{key}:{v.before}", v.texts, v.after]) for key, v in texts])]
    pieces = []
    for key, (before, values, after) in anchors:
        pieces += [f"{',' if pieces else ''}{key}:{before}", values, after]
    # Behind one that is always there, the others have their commas before them.
    others = (each for each in texts if each[1].texts.null_count)
    return pieces + [Values(f",{key}:{v.before}", v.texts, v.after) for key, v in others]


def listed(parts: list[pa.Array]) -> pa.Array:
    """Return the texts of each row with commas between them, without those that are null."""
    # Arrow forgets rows in which it skips everything.
    ended = [join([part, ","]) for part in parts]
    return pc.ascii_rtrim(join(ended, null=""), characters=",")
