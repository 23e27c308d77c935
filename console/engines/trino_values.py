"""A Trino cluster's answers as Arrow: types, and columns of values as JSON has them.

Values are told as texts where JSON has no such type. What Parquet has no type for stays a text, as
the embedded engine keeps it.
"""

import base64
from functools import partial
from itertools import accumulate, chain

from console.engines.statement import QueryError
from console.engines.types import LARGEST_MB

NUMBERS = {
    "boolean": "bool_",
    "tinyint": "int8",
    "smallint": "int16",
    "integer": "int32",
    "bigint": "int64",
}
FLOATS = {"real": "float32", "double": "float64"}
AS_TEXT = {"json": "json", "uuid": "uuid", "time": "time(6)", "unknown": "unknown"}
BINARY = {"varbinary", "HyperLogLog", "P4HyperLogLog", "SetDigest"}
DIGITS = {3: "ms", 6: "us", 9: "ns"}  # of parts of a second, and Arrow's units
LARGEST = LARGEST_MB << 20


class Kind:
    """A type of the cluster: its name in the console, Arrow's type, and how values become it."""

    def __init__(self, name, arrow, made):
        self.name, self.arrow = name, arrow
        self.made = made  # values as JSON has them -> an Arrow array


def kind_of(signature) -> Kind:
    """Return the kind of a type, which the cluster describes by name and arguments."""
    import pyarrow as pa

    raw, arguments = signature["rawType"], signature.get("arguments", [])
    if raw in NUMBERS:
        return plain(raw, getattr(pa, NUMBERS[raw])())
    if raw in FLOATS:
        arrow = getattr(pa, FLOATS[raw])()
        return Kind(raw, arrow, lambda values: pa.array(map(number, values), arrow))
    if raw == "decimal":
        precision, scale = (each["value"] for each in arguments)
        return read(f"decimal({precision},{scale})", pa.decimal128(precision, scale))
    if raw == "date":
        return read("date", pa.date32())
    if raw in ("timestamp", "timestamp with time zone"):
        return timestamp(raw, arguments[0]["value"] if arguments else 3)
    if raw in ("array", "map", "row"):
        return {"array": array, "map": map_, "row": row}[raw](arguments)
    if raw in BINARY:
        return Kind("varbinary", pa.large_binary(), decoded)
    return text(AS_TEXT.get(raw, "varchar"))


def plain(name, arrow):
    import pyarrow as pa

    return Kind(name, arrow, partial(pa.array, type=arrow))


def text(name):
    import pyarrow as pa

    return Kind(name, pa.large_string(), texts)


def read(name, arrow):
    """Return a kind whose values are told as texts that Arrow reads."""
    import pyarrow as pa

    return Kind(name, arrow, lambda values: pa.array(values, pa.string()).cast(arrow))


def number(value):
    """Return a number: those that JSON has not are texts, such as NaN."""
    return float(value) if isinstance(value, str) else value


def texts(values):
    import pyarrow as pa

    refuse_large(value.encode() for value in values if value and len(value) > LARGEST // 4)
    return pa.array(values, pa.large_string())


def refuse_large(values):
    if any(len(value) > LARGEST for value in values):
        raise ValueError(f"it is larger than the {LARGEST_MB} MB that one may have")


def decoded(values):
    import pyarrow as pa

    made = [None if value is None else base64.b64decode(value) for value in values]
    refuse_large(value for value in made if value)
    return pa.array(made, pa.large_binary())


def timestamp(raw, digits):
    """Return the kind of times with so many digits of a second, at most nine."""
    import pyarrow as pa

    kept = next((each for each in DIGITS if digits <= each), None)
    if kept is None:
        return text("varchar")
    if raw == "timestamp":
        return read(f"timestamp({kept})", pa.timestamp(DIGITS[kept]))
    return Kind("timestamp(6) with time zone", pa.timestamp("us", "UTC"), moments)


def moments(values):
    """Return the moments of times that are told with their zone behind them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    arrow = pa.timestamp("us", "UTC")
    parts = [(None, None) if value is None else value.rsplit(" ", 1) for value in values]
    times = [time and whole_micros(time) for time, _ in parts]
    local = pa.array(times, pa.string()).cast(pa.timestamp("us"))
    zones = pa.array([zone for _, zone in parts], pa.string())
    found = pa.nulls(len(parts), arrow)
    for zone in pc.unique(zones).drop_null().to_pylist():
        here = pc.fill_null(pc.equal(zones, zone), False)
        those = pc.if_else(here, local, pa.scalar(None, local.type))
        found = pc.if_else(here, pc.assume_timezone(those, zone).cast(arrow), found)
    return found


def whole_micros(time):
    """Return a time without noughts behind its millionths of a second."""
    whole, point, part = time.partition(".")
    return f"{whole}{point}{part[:6]}{part[6:].rstrip('0')}"


def array(arguments):
    import pyarrow as pa

    member = kind_of(arguments[0]["value"])
    arrow = pa.list_(pa.field("element", member.arrow))

    def made(values):
        whole = [[] if value is None else value for value in values]
        members = member.made(list(chain.from_iterable(whole)))
        return pa.ListArray.from_arrays(ends(whole), members, type=arrow, mask=missing(values))

    return Kind(f"array({member.name})", arrow, made)


def map_(arguments):
    """Return the kind of maps. JSON has them as objects, whose keys are texts."""
    import pyarrow as pa

    key, value_ = (kind_of(each["value"]) for each in arguments)
    if key.name.startswith(("array(", "map(", "row(", "varbinary")):
        raise QueryError(f"Keys of a map cannot be {key.name}: make texts of them by CAST.")
    arrow = pa.map_(key.arrow, value_.arrow)

    def made(values):
        whole = [{} if value is None else value for value in values]
        keys = key.made([key_of(key, each) for value in whole for each in value])
        items = value_.made([each for value in whole for each in value.values()])
        return pa.MapArray.from_arrays(ends(whole), keys, items, type=arrow, mask=missing(values))

    return Kind(f"map({key.name}, {value_.name})", arrow, made)


def key_of(kind, told):
    """Return a key as a value of its type is told."""
    if kind.name == "boolean":
        return told == "true"
    return int(told) if kind.name in NUMBERS else told


def row(arguments):
    """Return the kind of rows. Fields without a name are numbered."""
    import pyarrow as pa

    fields = [field_of(at, each) for at, each in enumerate(arguments)]
    arrow = pa.struct([pa.field(name, kind.arrow) for name, kind in fields])

    def made(values):
        columns = [
            kind.made([None if value is None else value[at] for value in values])
            for at, (_, kind) in enumerate(fields)
        ]
        return pa.StructArray.from_arrays(columns, fields=list(arrow), mask=missing(values))

    members = ", ".join(f"{name} {kind.name}" for name, kind in fields)
    return Kind(f"row({members})", arrow, made)


def field_of(at, argument):
    told = argument["value"]
    if argument["kind"] != "NAMED_TYPE":
        return f"field{at}", kind_of(told)
    name = (told.get("fieldName") or {}).get("name") or f"field{at}"
    return name, kind_of(told["typeSignature"])


def ends(members):
    """Return where the members of each value begin among those of all, and end."""
    import pyarrow as pa

    return pa.array(accumulate(map(len, members), initial=0), pa.int32())


def missing(values):
    import pyarrow as pa

    return pa.array([value is None for value in values], pa.bool_())


def batch_of(columns, kinds, schema, rows):
    """Return rows, as JSON has them, as a RecordBatch."""
    import pyarrow as pa

    by_column = zip(*rows, strict=True) if rows else [()] * len(kinds)
    arrays = [
        column_of(name, kind, list(values))
        for name, kind, values in zip(columns, kinds, by_column, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def column_of(name, kind, values):
    try:
        return kind.made(values)
    except (ValueError, OverflowError, TypeError, LookupError, AttributeError) as error:
        told = f'Column "{name}" ({kind.name}) holds a value that cannot be kept'
        raise QueryError(f"{told}: {error}", told=f"{told}.") from None
