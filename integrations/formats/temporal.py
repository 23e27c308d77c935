"""Dates, times and timestamps as Trino writes them."""

from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from integrations.formats.quoting import TEXT, join, replaced

UNITS = ("ms", "us", "ns")  # at least milliseconds are written
UTC = {"UTC", "Etc/UTC", "Z", "+00:00"}


def temporal_text(column: pa.Array) -> pa.Array:
    """Return text whose fraction has 3 digits, or 6 or 9 where the value needs them."""
    kind = column.type
    if types.is_date(kind):
        return pc.cast(column.cast(pa.date32()), TEXT)
    if types.is_time(kind):
        return fraction_text(column, time_of)
    if kind.tz is None:
        return fraction_text(column, pa.timestamp)
    zone = "UTC" if kind.tz in UTC else kind.tz
    return join([fraction_text(local(column), pa.timestamp), f" {zone}"])


def local(column: pa.Array) -> pa.Array:
    """Return the timestamps as a clock in their zone shows them."""
    if column.type.tz in UTC:
        return column.cast(pa.timestamp(column.type.unit, "UTC")).cast(
            pa.timestamp(column.type.unit)
        )
    return pc.local_timestamp(column)


def time_of(unit: str) -> pa.DataType:
    return pa.time32(unit) if unit == "ms" else pa.time64(unit)


def fraction_text(column: pa.Array, in_unit: Callable[[str], pa.DataType]) -> pa.Array:
    """Return each value in the coarsest unit that loses nothing of it."""
    unit = column.type.unit
    if unit == "s":
        return pc.cast(column.cast(in_unit("ms")), TEXT)
    texts = pc.cast(column, TEXT)
    for coarse in reversed(UNITS[: UNITS.index(unit)]):
        shorter = column.cast(in_unit(coarse), safe=False)
        same = pc.equal(shorter.cast(column.type, safe=False), column)
        if pc.any(same).as_py():
            texts = replaced(texts, same, pc.cast(shorter.filter(same), TEXT))
    return texts


def duration_text(column: pa.Array) -> pa.Array:
    """Return the durations as days, hours, minutes, seconds and milliseconds."""
    return pa.array(map(interval, column.to_pylist()), TEXT)


def interval(value: timedelta | None) -> str | None:
    if value is None:
        return None
    sign = "-" if value < timedelta(0) else ""
    milliseconds = abs(value) // timedelta(milliseconds=1)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{sign}{days} {hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
