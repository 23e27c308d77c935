"""What repeats every so many hours, days, weeks or months, counted from a start."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from console.schedules.clocks import DAY, existing
from console.schedules.cron import CronError

ONCE, HOUR, WEEK, MONTH = "once", "hour", "week", "month"
LAST_DAY = 31  # of a month: in shorter ones the last that there is
BEFORE = 2 * DAY  # no clock differs by more from what it showed


@dataclass(frozen=True)
class Repeat:
    """How often something runs. From when on is not part of it: see Times."""

    unit: str  # once, hour, day, week or month
    every: int = 1
    weekdays: frozenset[int] = frozenset()  # of a week: 1 is Monday, 7 Sunday
    day: int | None = None  # of a month
    at: time | None = None  # the time of day; hours have the one of their start

    never = False

    def __post_init__(self):
        if self.unit not in MOMENTS:
            raise CronError("repeat", f"'{self.unit}' is none of {', '.join(MOMENTS)}")
        if self.every < 1:
            raise CronError("repeat", "the number is 1 or more")
        if self.unit == WEEK and not (self.weekdays and self.weekdays <= set(range(1, 8))):
            raise CronError("repeat", "a week needs at least one day, from 1 (Monday) to 7")
        if self.unit == MONTH and not 1 <= (self.day or 0) <= LAST_DAY:
            raise CronError("repeat", "a month needs a day from 1 to 31")
        if self.at is None and self.unit in DATES:
            raise CronError("repeat", "a time of day is needed")

    @property
    def counts_real_time(self) -> bool:
        return self.unit not in DATES

    def moments(self, zone: ZoneInfo, start: datetime, after: datetime) -> Iterator[datetime]:
        """Yield instants in their order, from some time before an instant on."""
        return MOMENTS[self.unit](self, zone, start, after)

    def shows(self, local: datetime) -> bool:
        """Return whether a clock shows what was named, rather than what stands for it."""
        return self.at is None or (local.hour, local.minute) == (self.at.hour, self.at.minute)


def once(repeat, zone, start, after):
    return iter([start])


def hours(repeat, zone, start, after):
    step = timedelta(hours=repeat.every)
    return (start + n * step for n in count(max(0, (after - start) // step)))


def on_dates(repeat, zone, start, after):
    first = after.astimezone(zone).date() - BEFORE
    dates = DATES[repeat.unit](repeat, start.astimezone(zone).date(), first)
    return (existing(datetime.combine(day, repeat.at), zone) for day in dates)


def days(repeat, anchor: date, first: date) -> Iterator[date]:
    """Yield dates, so many days apart and counted from the anchor, none far before another one."""
    passed = max(0, (first - anchor).days // repeat.every)
    return (anchor + n * repeat.every * DAY for n in count(passed))


def weeks(repeat, anchor, first):
    monday = anchor - anchor.weekday() * DAY
    passed = max(0, (first - monday).days // (7 * repeat.every))
    for n in count(passed):
        week = monday + n * repeat.every * 7 * DAY
        yield from (week + (weekday - 1) * DAY for weekday in sorted(repeat.weekdays))


def months(repeat, anchor, first):
    begin = anchor.year * 12 + anchor.month - 1
    passed = max(0, (first.year * 12 + first.month - 1 - begin) // repeat.every)
    for n in count(passed):
        year, month = divmod(begin + n * repeat.every, 12)
        length = calendar.monthrange(year, month + 1)[1]
        yield date(year, month + 1, min(repeat.day, length))


DATES = {"day": days, WEEK: weeks, MONTH: months}
MOMENTS = {ONCE: once, HOUR: hours} | dict.fromkeys(DATES, on_dates)
