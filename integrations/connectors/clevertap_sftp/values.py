"""Values as CleverTap's import takes them: dates as $D_ and the epoch, the time as an epoch."""

import pyarrow as pa
import pyarrow.compute as pc

from integrations.connectors.clevertap_sftp.columns import TIME as TS
from integrations.connectors.clevertap_sftp.columns import property_of
from integrations.connectors.clevertap_sftp.dates import FORMATS, NO_TIME, TIME, UNIX
from integrations.formats.text import text_of

DATE = r"^\$D_-?\d+$"
EPOCH = r"^-?\d+$"


def with_values(batch: pa.RecordBatch, settings: dict) -> pa.RecordBatch:
    """Return the batch with its dates as CleverTap gets them."""
    for place, name in enumerate(batch.schema.names):
        changed = sent_as(batch.column(place), name, settings)
        if changed is not None:
            batch = batch.set_column(place, name, changed)
    return batch


def sent_as(column: pa.Array, name: str, settings: dict) -> pa.Array | None:
    """Return the column as it is sent; nothing where that is as it comes."""
    wanted = settings["columns"].get(name, {}).get("dateFormat")
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        texts = pc.cast(seconds_of(column), "string")
    elif wanted and is_text(column.type):
        texts = parsed(pc.utf8_trim_whitespace(column), wanted)
    else:
        return None
    if property_of(name, settings).lower() == TS:
        return pc.replace_substring_regex(texts, r"^\$D_", "")
    return pc.if_else(pc.starts_with(texts, "$"), texts, marked(texts))


def marked(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise("$D", texts, "_")


def is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def seconds_of(column: pa.Array) -> pa.Array:
    """Return the epoch of each, rounded down; times without a zone are those of UTC."""
    if pa.types.is_timestamp(column.type):
        column = column.view(pa.timestamp(column.type.unit))  # Zones change no moment.
    seconds = pc.floor_temporal(column, unit="second").cast(pa.timestamp("s"), safe=False)
    return seconds.cast("int64")


def parsed(texts: pa.Array, wanted: str) -> pa.Array:
    """Return the epoch of each text as a text; null where it is no such date."""
    epochs = texts if wanted == UNIX else dates_of(texts, *FORMATS[wanted])
    digits = pc.match_substring_regex(epochs, EPOCH)
    epochs = pc.if_else(pc.fill_null(digits, False), epochs, None)
    ready = pc.fill_null(pc.match_substring_regex(texts, DATE), False)
    return pc.if_else(ready, texts, epochs)


def dates_of(texts, format_, pattern):
    found = pc.extract_regex(texts, pattern + TIME)
    timed = pc.not_equal(pc.struct_field(found, "time"), "")
    whole = pc.if_else(timed, texts, pc.binary_join_element_wise(texts, NO_TIME, " "))
    moments = pc.strptime(whole, f"{format_} %H:%M:%S", "s", error_is_null=True)
    day = pc.cast(pc.struct_field(found, "day"), "int64")
    # Arrow takes the 31st of February for a day in March.
    real = pc.fill_null(pc.equal(pc.day(moments), day), False)
    return pc.cast(pc.cast(pc.if_else(real, moments, None), "int64"), "string")


def texts_of(batch: pa.RecordBatch, name: str, settings: dict) -> pa.Array:
    """Return the values of a column as they stand in the file."""
    column = batch.column(batch.schema.names.index(name))
    changed = sent_as(column, name, settings)
    return text_of(column if changed is None else changed, name)
