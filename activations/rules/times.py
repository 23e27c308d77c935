"""Conditions on times, relative to the time that a run is of, in the audience's zone."""

from activations.rules.literals import BadValue, epoch, right_values, text, whole

UNITS = {
    "year": "y",
    "quarter": "q",
    "month": "M",
    "week": "w",
    "day": "d",
    "hour": "h",
    "minute": "m",
    "second": "s",
}
NOW = "TD_SCHEDULED_TIME()"
COMPARED = {"Equal": "=", "Greater": ">", "GreaterEqual": ">=", "Less": "<", "LessEqual": "<="}


def condition(value: str, operator: dict, timezone: str) -> str:
    """Return whether the epoch seconds are as the operator says, as SQL."""
    kind = operator["type"]
    if kind in COMPARED:
        return compared(value, kind, operator.get("rightValue"), timezone)
    if kind == "Between":
        low, high = operator.get("minValue"), operator.get("maxValue")
        return f"{value} BETWEEN {epoch(low, timezone)} AND {epoch(high, timezone)}"
    if kind == "In":
        moments = ", ".join(epoch(each, timezone) for each in right_values(operator))
        return f"{value} IN ({moments})"
    if kind not in SPANS:
        raise BadValue(f"{kind} is not for times.")
    span = f"TD_INTERVAL({value}, {text(SPANS[kind](operator))}, {text(timezone)})"
    return f"({span} AND {value} >= {NOW})" if kind == "TimeWithinNext" else span


def compared(value, kind, right, timezone):
    """Compare with a moment, or with the start of the day, week, … so many of them ago."""
    if not isinstance(right, dict):
        return f"{value} {COMPARED[kind]} {epoch(right, timezone)}"
    if "timestamp" in right:
        return compared(value, kind, right["timestamp"], timezone)
    ago = f"-{whole(right.get('last'))}{unit_of(right)}/now"
    start = f"TD_INTERVAL_RANGE({text(ago)}, {text(timezone)})[1]"
    return f"{value} {COMPARED[kind]} {start}"


def within_past(operator):
    """From the start of the unit so many of them ago until now."""
    return f"-{whole(operator.get('value'))}{unit_of(operator)}/now"


def within_next(operator):
    """From now to the end of the unit so many of them ahead."""
    unit = unit_of(operator)
    return f"{whole(operator.get('value')) + 1}{unit}/0{unit}"


def in_between_next(operator):
    first, last = ends_of(operator)
    unit = unit_of(operator)
    return f"{last - first + 1}{unit}/{first}{unit}"


def in_between_past(operator):
    last, first = ends_of(operator)
    unit = unit_of(operator)
    return f"{first - last + 1}{unit}/-{first}{unit}"


def ends_of(operator):
    """Return the nearer and the farther end, counted in units from now."""
    near, far = (whole(operator.get(end), least=0) for end in ("from", "to"))
    if near > far:
        raise BadValue("The first number is the nearer one: it cannot be larger than the second.")
    return near, far


def this(operator):
    unit = unit_of(operator)
    return f"1{unit}/0{unit}"


def following(operator):
    unit = unit_of(operator)
    return f"1{unit}/1{unit}"


def previous(operator):
    return f"-1{unit_of(operator)}"


def unit_of(operator):
    unit = operator.get("unit", "")
    if unit not in UNITS:
        raise BadValue(f"Choose a unit: {', '.join(UNITS)}.")
    return UNITS[unit]


# What TD_INTERVAL understands, for each operator.
SPANS = {
    "TimeToday": lambda _: "1d/0d",
    "TimeThis": this,
    "TimeNext": following,
    "TimeLast": previous,
    "TimeWithinPast": within_past,
    "TimeWithinNext": within_next,
    "TimeInBetweenNext": in_between_next,
    "TimeInBetweenPast": in_between_past,
}
