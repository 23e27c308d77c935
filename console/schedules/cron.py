"""The cron grammar: five fields, read strictly, and the rule for days that conflict."""

import calendar
import re
from dataclasses import dataclass
from functools import cache, lru_cache

FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
NAMES = {
    "month": {name: number for number, name in enumerate(MONTHS, 1)},
    "day of week": {name: number for number, name in enumerate(WEEKDAYS)},
}
WORDS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *"}
DAY_OF_MONTH, DAY_OF_WEEK = "day of month", "day of week"


class CronError(ValueError):
    """A cron expression cannot be used: which field, and why."""

    def __init__(self, field, reason):
        self.field = field
        super().__init__(f"{field.capitalize()}: {reason}." if field else f"{reason}.")


@dataclass(frozen=True)
class Cron:
    """A cron expression as it is followed. None in a field means that it does not restrict."""

    text: str
    minutes: frozenset[int] | None = None
    hours: frozenset[int] | None = None
    days: frozenset[int] | None = None
    months: frozenset[int] | None = None
    weekdays: frozenset[int] | None = None
    ignored: str = ""  # "day of month" or "day of week", where the two conflict
    tie: bool = False  # the two come equally often
    # Hourly and every-n-minutes expressions keep their count of real hours over clock changes.
    counts_real_time: bool = False

    @property
    def never(self) -> bool:
        """Whether there is no scheduled time at all."""
        return not self.text


@lru_cache(1024)
def parse(text: str) -> Cron:
    """Return what a cron expression means. Raise CronError with the field and the reason."""
    if text == "":
        return Cron("")
    if text.startswith("@") and text not in WORDS:
        raise CronError("", f"'{text}' is not known; use @hourly, @daily or five fields")
    parts = split(WORDS.get(text, text))
    minutes, hours, days, months, weekdays = map(values, FIELDS, parts)
    ignored, tie = "", False
    if days is not None and weekdays is not None:
        ignored, tie = conflict(days, months, weekdays)
        days, weekdays = (None, weekdays) if ignored == DAY_OF_MONTH else (days, None)
    if days is not None and not day_count(days, months):
        raise CronError(DAY_OF_MONTH, "this date never occurs in the months given")
    steady = any(re.fullmatch(r"\*(/[0-9]+)?", part) for part in parts[:2])
    return Cron(text, minutes, hours, days, months, weekdays, ignored, tie, steady)


def split(text):
    if re.search(r"[^\S ]", text):
        raise CronError("", "Fields are separated by a single space, nothing else")
    if text != text.strip(" "):
        raise CronError("", "There is a space before the first field or after the last one")
    if "  " in text:
        raise CronError("", "Exactly one space is needed between two fields")
    parts = text.split(" ")
    if len(parts) != len(FIELDS):
        raise CronError("", f"Five fields are needed, and this has {len(parts)}")
    return parts


def values(field, text):
    """Return the values that a field allows, or None where it allows all."""
    if text == "*":
        return None
    return frozenset().union(*(item_values(field, item) for item in text.split(",")))


def item_values(field, item):
    name, least, most = field
    if item == "":
        raise CronError(name, "a list has an empty item")
    if item == "*":
        raise CronError(name, "'*' cannot be part of a list")
    if item.startswith("*/"):
        step = step_of(field, item)
        return {value for value in range(least, most + 1) if value % step == 0}
    if "/" in item:
        raise CronError(name, f"'{item}' is not understood; a step is written */n")
    if "-" in item:
        return range_values(field, item)
    return {value_of(field, item)}


def step_of(field, item):
    name, _, most = field
    step = item.removeprefix("*/")
    if not re.fullmatch(r"[0-9]{1,2}", step) or not 1 <= int(step) <= most:
        raise CronError(name, f"the step '{item}' is not between */1 and */{most}")
    return int(step)


def range_values(field, item):
    first, _, last = item.partition("-")
    first, last = value_of(field, first), value_of(field, last)
    if first > last:
        raise CronError(field[0], f"the range '{item}' runs backwards")
    return set(range(first, last + 1))


def value_of(field, text):
    name, least, most = field
    value = NAMES.get(name, {}).get(text.lower())
    if value is not None:
        return value
    if not re.fullmatch(r"[0-9]{1,2}", text):
        names = " or a name such as " + next(iter(NAMES[name])) if name in NAMES else ""
        raise CronError(name, f"'{text}' is not a number from {least} to {most}{names}")
    if not least <= int(text) <= most:
        sunday = " (Sunday is 0)" if name == DAY_OF_WEEK and text == "7" else ""
        raise CronError(name, f"{text} is outside {least} to {most}{sunday}")
    return int(text)


def conflict(days, months, weekdays):
    """Return which of the two is ignored, the less frequent one, and whether they tie."""
    by_day, by_weekday = day_count(days, months), weekday_count(weekdays, months)
    return (DAY_OF_WEEK if by_day > by_weekday else DAY_OF_MONTH), by_day == by_weekday


def day_count(days, months):
    """Return how many dates in the 400 years of the calendar's cycle have these days."""
    return sum(day_cycle(month, day) for month in months or range(1, 13) for day in days)


def weekday_count(weekdays, months):
    return sum(cycle()[month, weekday] for month in months or range(1, 13) for weekday in weekdays)


@cache
def day_cycle(month, day):
    return sum(day <= calendar.monthrange(year, month)[1] for year in range(2000, 2400))


@cache
def cycle():
    """Return how often each (month, weekday) occurs in 400 years; Sunday is 0."""
    counts = dict.fromkeys(((month, day) for month in range(1, 13) for day in range(7)), 0)
    for year in range(2000, 2400):
        for month in range(1, 13):
            first, length = calendar.monthrange(year, month)
            for day in range(7):
                counts[month, day] += (length - (day - first - 1) % 7 + 6) // 7
    return counts
