"""What CleverTap asks of single rows: each check yields the rows that break a rule."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial, reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from integrations.connectors.clevertap.forms import are_addresses, are_numbers
from integrations.connectors.clevertap.layout import Layout, layout_of
from integrations.connectors.clevertap.operations import IDENTITIES, Operation, operation_of
from integrations.connectors.clevertap.records import STATUSES, TYPES
from integrations.connectors.clevertap.system_events import SYSTEM_EVENTS
from integrations.connectors.clevertap.values import (
    array_mask,
    array_of,
    is_blank,
    is_text,
    refuse,
    timestamps,
)
from integrations.contract import Broken
from integrations.formats.lists import is_list, with_member
from integrations.formats.quoting import TEXT, replaced
from integrations.formats.text import text_of, unwrapped

MOST_VALUE = 512  # bytes, so characters too


def of(batch, settings) -> tuple[Operation, Layout]:
    operation = operation_of(settings)
    return operation, layout_of(batch.schema.names, operation)


def never_wrong(schema: pa.Schema, settings: dict) -> list[str]:
    """Return the columns of properties whose values are right by their type alone."""
    operation = operation_of(settings)
    layout = layout_of(schema.names, operation)
    free = {name for key, name in layout.properties.items() if key not in FORMS}
    return [field.name for field in schema if field.name in free and is_plain(field.type)]


def is_plain(kind: pa.DataType) -> bool:
    whole = types.is_integer(kind) or types.is_boolean(kind)
    return whole or types.is_date(kind) or types.is_timestamp(kind)


def no_identity(batch, settings) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    columns = [layout.fields[name] for name in IDENTITIES if name in layout.fields]
    blank = reduce(pc.and_, [is_blank(batch[column]) for column in columns])
    yield Broken(blank, "There is no identity: it says whom the row is of.")


def required_values(batch, settings) -> Iterator[Broken]:
    operation, layout = of(batch, settings)
    for name in operation.required:
        yield Broken(is_blank(batch[layout.fields[name]]), f"There is no {name}.")


def long_values(batch, settings) -> Iterator[Broken]:
    arrays = array_columns(batch, settings)
    for name, column in sent_columns(batch, settings):
        long = by_value(column, partial(too_long, arrays=name in arrays))
        if long is not None:
            yield Broken(long, f"{name} is longer than {MOST_VALUE} bytes.")


def by_value(column: pa.Array, check: Callable[[pa.Array], pa.Array | None]) -> pa.Array | None:
    """Return what a check says of each row, by asking once of each value of a dictionary."""
    if not types.is_dictionary(column.type):
        return check(unwrapped(column))
    found = check(unwrapped(column.dictionary))
    return None if found is None else found.take(column.indices)


def sent_columns(batch, settings) -> Iterator[tuple[str, pa.Array]]:
    """Yield the columns that go to CleverTap; others are ignored."""
    operation, layout = of(batch, settings)
    for name in batch.schema.names if operation.properties else layout.fields.values():
        yield name, batch[name]


def array_columns(batch, settings) -> set[str]:
    """Return the columns of which a text that is a JSON array is sent as such."""
    operation, layout = of(batch, settings)
    found = set(layout.properties.values())
    return found - set(layout.single_values().values()) if operation.noun == "profile" else found


def too_long(column: pa.Array, *, arrays: bool = False) -> pa.Array | None:
    """Return where a text is too long, or one in an array is; nothing where none can be."""
    if is_list(column.type):
        return rows_with(column, by_value(column.flatten(), too_long))
    if not is_text(column.type):
        return None
    sizes = pc.binary_length(column)
    if (pc.max(sizes).as_py() or 0) <= MOST_VALUE:
        return None
    long = pc.greater(sizes, MOST_VALUE)
    if not arrays:
        return long
    return replaced(long, long, pa.array(map(is_long, column.filter(long).to_pylist())))


def is_long(text: str) -> bool:
    """Return whether a long text is no array, or has a member that is too long as well."""
    members = array_of(text)
    return members is None or any(
        isinstance(each, str) and len(each.encode(errors="surrogatepass")) > MOST_VALUE
        for each in members
    )


def rows_with(column, mask):
    """Return the rows of which a member has the mark."""
    if mask is None or not pc.any(mask).as_py():
        return None
    return with_member(column, mask)


def unreadable_ts(batch, settings, now: float | None = None) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    if name := layout.fields.get("ts"):
        seconds = timestamps(batch[name])
        unread = pc.and_(batch[name].is_valid(), seconds.is_null())
        yield Broken(unread, f"{name} is no time: use seconds since 1970, a timestamp, or ISO.")
        yield Broken(pc.less(seconds, 0), f"{name} is before 1970.")
        latest = int(time.time() if now is None else now)
        yield Broken(pc.greater(seconds, latest), f"{name} is in the future.")


def no_numbers(batch, settings) -> Iterator[Broken]:
    for name, column in sent_columns(batch, settings):
        if types.is_dictionary(column.type):
            continue  # It has texts.
        values = unwrapped(column)
        if types.is_floating(values.type):
            yield Broken(not_finite(values), f"{name} is not a number.")
        elif is_list(values.type) and types.is_floating(values.type.value_type):
            odd = rows_with(values, not_finite(values.flatten()))
            if odd is not None:
                yield Broken(odd, f"{name} holds what is no number.")


def not_finite(numbers: pa.Array) -> pa.Array:
    return pc.invert(pc.is_finite(numbers))


def system_events(batch, settings) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    names = text_of(batch[layout.fields["evtName"]]).cast(TEXT)
    restricted = pc.is_in(names, pa.array(SYSTEM_EVENTS, TEXT))
    yield Broken(restricted, "CleverTap keeps the name of this event for itself.")


def stray_items(batch, settings) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    columns = [column for item in layout.items.values() for column in item.values()]
    if columns:
        holds = reduce(pc.or_, [batch[column].is_valid() for column in columns])
        other = pc.not_equal(text_of(batch[layout.fields["evtName"]]).cast(TEXT), "Charged")
        yield Broken(pc.and_(holds, other), "Only the event Charged has items.")


def odd_profiles(batch, settings) -> Iterator[Broken]:
    """Yield profile fields of CleverTap's own that do not have their form."""
    _, layout = of(batch, settings)
    for key, (fits, wanted) in FORMS.items():
        if column := layout.properties.get(key):
            odd = by_value(batch[column], partial(unlike, fits=fits))
            yield Broken(odd, f"{column} is not {wanted}.")


def among(*words: str):
    """Return what tells which texts are one of the words."""
    return lambda texts: pc.if_else(texts.is_valid(), pc.is_in(texts, pa.array(words, TEXT)), None)


def are_ages(texts: pa.Array) -> pa.Array:
    return pc.match_substring_regex(texts, r"^\d{1,3}$")


FORMS = {
    "Phone": (are_numbers, "a number like +14155551234"),
    "Email": (are_addresses, "an e-mail address"),
    "Gender": (among("M", "F", "O"), "M, F or O"),
    "Age": (are_ages, "a whole number"),
    "Married": (among("Y", "N", "true", "false"), "Y or N"),
}


def unlike(column: pa.Array, fits: Callable[[pa.Array], pa.Array]) -> pa.Array:
    return pc.invert(fits(text_of(column).cast(TEXT)))


def arrays_in_single(batch, settings) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    for key, column in layout.single_values().items():
        if (mask := by_value(batch[column], arrays_of)) is not None:
            yield Broken(mask, f"{column} is an array, but {key} is a single value in CleverTap.")


def arrays_of(column: pa.Array) -> pa.Array | None:
    return array_mask(column.cast(TEXT)) if is_text(column.type) else None


def odd_subscriptions(batch, settings) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    kinds, values, statuses = (batch[layout.fields[name]] for name in ("type", "value", "status"))
    yield Broken(not_among(kinds, TYPES), "type is not email or phone.")
    yield Broken(not_among(statuses, STATUSES), "status is not Unsubscribe or Resubscribe.")
    phone = pc.equal(pc.utf8_lower(text_of(kinds).cast(TEXT)), "phone")
    odd_phone, odd_email = unlike(values, are_numbers), unlike(values, are_addresses)
    yield Broken(pc.and_(phone, odd_phone), "value is not a number like +14155551234.")
    yield Broken(pc.and_not(odd_email, phone), "value is not an e-mail address.")


def not_among(column: pa.Array, words) -> pa.Array:
    return pc.invert(pc.is_in(pc.utf8_lower(text_of(column).cast(TEXT)), pa.array(words, TEXT)))


def odd_phones(batch, settings) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    odd = unlike(batch[layout.fields["value"]], are_numbers)
    yield Broken(odd, "value is not a number like +14155551234.")


def odd_list_types(batch, settings) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    yield Broken(not_among(batch[layout.fields["type"]], ("g", "i")), "type is not g or i.")


def odd_token_keys(batch, settings) -> Iterator[Broken]:
    _, layout = of(batch, settings)
    if column := layout.fields.get("keys"):
        texts = text_of(batch[column]).to_pylist()
        odd = pa.array([text is not None and not is_object(text) for text in texts], pa.bool_())
        yield Broken(odd, f"{column} is no JSON object.")


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=refuse), dict)
    except (ValueError, RecursionError):
        return False
