"""TD's time functions of a row's values in the SQL of a Trino cluster.

Each takes the call, and the trees of its values.
"""

from sqlglot import exp

from console.engines.functions import ZONES
from console.engines.types import literal

UTC = exp.Literal.string("UTC")
ZERO, ONE, TWO = map(exp.Literal.number, range(3))
UNITS = {  # What a time is cut to, and how it is written then.
    "y": ("year", "yyyy"),
    "q": ("quarter", "yyyy-MM"),
    "M": ("month", "yyyy-MM"),
    "w": ("week", "yyyy-MM-dd"),
    "d": ("day", "yyyy-MM-dd"),
    "h": ("hour", "yyyy-MM-dd HH"),
    "m": ("minute", "yyyy-MM-dd HH:mm"),
    "s": ("second", "yyyy-MM-dd HH:mm:ss"),
}
ZONE = r"Z|[+-]\d{2}:?\d{2}|[A-Za-z][A-Za-z_/]+"
TIME = rf"^(\d{{4}}-\d{{1,2}}-\d{{1,2}}([ T][\d:.]+)?)\s*({ZONE})?$"
OFFSET = r"^([+-]\d{2})(\d{2})$"
# Zones that have names at TD which the cluster does not know.
ALIASES = {name: zone for name, zone in ZONES.items() if name.isalpha()}
NAMED = "MAP(ARRAY[{}], ARRAY[{}])".format(
    *(", ".join(map(literal, each)) for each in (ALIASES, ALIASES.values()))
)
WITH_ZONE = "yyyy-MM-dd HH:mm:ssZ"


def time_range(call, trees):
    """Compare with two numbers. A start of NULL is 1970, an end of NULL is none."""
    time, (start, end, zone) = call.text(0), padded(trees[1:], 3)
    begun = call.fixed("coalesce", moment(start, zone), ZERO)
    if end is None or isinstance(end, exp.Null):
        return f"({time} >= {begun})"
    ended = call.fixed("td_moment", end, zone or UTC)
    return f"({time} >= {begun} AND ({ended} IS NULL OR {time} < {ended}))"


def moment(time, zone):
    return exp.Anonymous(this="td_moment", expressions=[time.copy(), (zone or UTC).copy()])


def interval(call, trees):
    between = exp.Anonymous(
        this="td_interval_range", expressions=[each.copy() for each in trees[1:]]
    )
    start, end = (call.fixed("list_extract", between, at) for at in (ONE, TWO))
    time = call.text(0)
    return f"({time} >= {start} AND {time} < {end})"


def time_add(call, trees):
    """Add the seconds of a span: they are those from 1970 on."""
    _, span, zone = padded(trees, 3)
    return f"({call.text(0)} + {call.fixed('td_add_span', ZERO, span, zone or UTC)})"


def time_format(call, trees):
    _, _, zone = padded(trees, 3)
    return f"format_datetime({local(call, call.text(0), zone)}, {call.text(1)})"


def time_parse(call, trees):
    """Read a time whose text may end with a zone, which then goes before the one given."""
    _, given = padded(trees, 2)
    text = f"trim({call.text(0)})"
    time = f"replace(regexp_extract({text}, {literal(TIME)}, 1), 'T', ' ')"
    own = f"regexp_replace(regexp_extract({text}, {literal(TIME)}, 3), {literal(OFFSET)}, '$1:$2')"
    zone = f"coalesce(element_at({NAMED}, upper({own})), {own}, {zone_of(call, given)})"
    return epoch(f"with_timezone(TRY_CAST({time} AS timestamp(6)), {zone})")


def date_trunc(call, trees):
    _, _, zone = padded(trees, 3)
    return epoch(f"date_trunc(lower({call.text(0)}), {local(call, call.text(1), zone)})")


def time_string(call, trees):
    _, code, zone = padded(trees, 3)
    letter, mark = (code.name[:1], code.name[1:]) if code.is_string else ("", "")
    if letter not in UNITS or mark not in ("", "!"):
        raise call.error("takes a format as a text: y, q, M, w, d, h, m or s, with ! or without")
    unit, pattern = UNITS[letter]
    cut = f"date_trunc('{unit}', {local(call, call.text(0), zone)})"
    return f"format_datetime({cut}, '{pattern if mark else WITH_ZONE}')"


def never(call, *_):
    raise call.error("takes values that are the same for all rows")


def padded(values, length):
    """Return the values, with nothing for those that were left out."""
    return [*values, *[None] * (length - len(values))]


def local(call, time, zone):
    """Return the SQL of what the clocks of a zone show at a time."""
    return f"from_unixtime({time}, {zone_of(call, zone)})"


def epoch(time):
    """Return the SQL of the whole seconds of a moment."""
    return f"CAST(floor(to_unixtime({time})) AS bigint)"


def zone_of(call, node):
    """Return a time zone as the cluster knows it."""
    if node is None:
        return literal("UTC")
    if not node.is_string:
        raise call.error("takes a time zone as a text, such as 'Asia/Tokyo'")
    return literal(ZONES.get(node.name.upper(), node.name))


# Name: how many values it takes, and what writes it where they are those of a row.
WRITTEN = {
    "td_scheduled_time": (0, 0, never),
    "td_interval_range": (1, 2, never),
    "td_time_add": (2, 3, time_add),
    "td_time_parse": (1, 2, time_parse),
    "td_time_format": (2, 3, time_format),
    "td_time_string": (2, 3, time_string),
    "td_date_trunc": (2, 3, date_trunc),
    "td_time_range": (2, 4, time_range),
    "td_interval": (2, 3, interval),
}
