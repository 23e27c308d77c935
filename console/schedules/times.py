"""When a schedule runs: a rule, be it a cron expression or a repeat, between a start and an end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from console.models import Schedule
from console.schedules.clocks import DAY, existing, wall_of
from console.schedules.cron import Cron, parse
from console.schedules.repeats import HOUR, ONCE, Repeat
from console.schedules.slots import fits, moments

WINDOWS = [timedelta(days=days) for days in (2, 40, 400, 4000, 40_000)]
INSTANT = timedelta(microseconds=1)  # the smallest there is


@dataclass(frozen=True)
class Times:
    """The slots of a rule in a time zone, from a start to the end of a date.

    A repeat is counted from its start; a cron expression needs none.
    """

    rule: Cron | Repeat
    timezone: str = "UTC"
    starts_at: datetime | None = None  # the first instant that can be a slot
    ends_on: date | None = None  # the last date that can have one

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def end(self) -> datetime | None:
        """The first instant that is too late."""
        return self.ends_on and existing(datetime.combine(self.ends_on + DAY, time()), self.zone)

    def slots(self, after: datetime) -> Iterator[datetime]:
        """Yield the slots strictly after an instant."""
        if self.starts_at:
            after = max(after, self.starts_at - INSTANT)
        end = self.end
        found = increasing(self.moments(after), after)
        return takewhile(lambda slot: slot < end, found) if end else found

    def moments(self, after):
        if isinstance(self.rule, Repeat):
            return self.rule.moments(self.zone, self.starts_at, after)
        return moments(self.rule, self.zone, after)

    def first(self, n: int, after: datetime) -> list[datetime]:
        """Return the first n slots strictly after an instant."""
        return list(islice(self.slots(after), n))

    def next(self, after: datetime) -> datetime | None:
        return next(self.slots(after), None)

    def last(self, first: datetime, until: datetime) -> datetime:
        """Return the last slot that is not after `until`, where `first` is a slot."""
        until = min(until, self.end or until)
        for window in WINDOWS:
            start = max(first, until - window)
            found = list(takewhile(lambda slot: slot <= until, self.slots(start)))
            if found or start == first:
                return found[-1] if found else first
        return first

    def shows(self, local: datetime) -> bool:
        """Return whether a clock shows what was named, rather than what stands for it."""
        if isinstance(self.rule, Repeat):
            return self.rule.shows(local)
        return fits(self.rule.hours, local.hour) and fits(self.rule.minutes, local.minute)

    def has(self, instant: datetime) -> bool:
        """Return whether an instant is a slot."""
        return self.next(instant - INSTANT) == instant

    def begun(self, now: datetime) -> "Times":
        """Return the same with a start where a repeat has none yet: its first slot is the next.

        Hours begin with the next full one, all else with the day that has the first slot.
        """
        if self.starts_at or not isinstance(self.rule, Repeat):
            return self
        if self.rule.unit == HOUR:
            wall = wall_of(now + timedelta(hours=1), self.zone).replace(minute=0)
        else:
            single = replace(self, rule=replace(self.rule, every=1), starts_at=now, ends_on=None)
            wall = datetime.combine(single.next(now).astimezone(self.zone), time())
        return replace(self, starts_at=existing(wall, self.zone))

    def same_rule(self, other: "Times") -> bool:
        """Return whether the two differ in nothing but in where they start and end."""
        return (self.rule, self.timezone) == (other.rule, other.timezone)

    def same_count(self, other: "Times") -> bool:
        """Return whether every slot of one is a slot of the other, as far as both go."""
        counted = isinstance(self.rule, Repeat)
        return self.same_rule(other) and (not counted or self.same_start(other))

    def same_start(self, other: "Times") -> bool:
        """Compare what a clock shows: that is all that people see, and enter."""
        mine, yours = (
            each.starts_at and wall_of(each.starts_at, self.zone) for each in (self, other)
        )
        return mine == yours

    def same(self, other: "Times") -> bool:
        return self.same_count(other) and self.same_start(other) and self.ends_on == other.ends_on


def increasing(moments, after):
    """Yield what is after an instant, each after the one before."""
    last = after
    for moment in moments:
        if moment > last:
            yield moment
            last = moment


def times(
    rule: str | Cron | Repeat,
    timezone: str = "UTC",
    starts_at: datetime | None = None,
    ends_on: date | None = None,
) -> Times:
    """Return when a rule runs. Raise CronError where it cannot be read.

    Seconds of a start are left out: slots are at full minutes. Once without a start is never.
    """
    rule = parse(rule) if isinstance(rule, str) else rule
    if isinstance(rule, Repeat) and rule.unit == ONCE and starts_at is None:
        rule = parse("")
    starts_at = starts_at and starts_at.astimezone(UTC).replace(second=0, microsecond=0)
    return Times(rule, timezone, starts_at, ends_on)


def times_of(schedule: Schedule) -> Times:
    """Return when a schedule runs."""
    return times(rule_of(schedule), schedule.timezone, schedule.starts_at, schedule.ends_on)


def rule_of(schedule: Schedule) -> Cron | Repeat:
    """Return the rule of a schedule, as its columns have it."""
    if not schedule.repeat:
        return parse(schedule.cron)
    weekdays = frozenset(map(int, schedule.weekdays))
    return Repeat(schedule.repeat, schedule.every, weekdays, schedule.month_day, schedule.at)


def columns(found: Times) -> dict[str, object]:
    """Return the columns of a Schedule that hold when it runs."""
    fields = {"timezone": found.timezone, "starts_at": found.starts_at, "ends_on": found.ends_on}
    rule, none = (
        found.rule,
        {"repeat": "", "every": 1, "weekdays": "", "month_day": None, "at": None},
    )
    if not isinstance(rule, Repeat):
        return none | fields | {"cron": rule.text}
    weekdays = "".join(map(str, sorted(rule.weekdays)))
    repeat = {"repeat": rule.unit, "every": rule.every, "weekdays": weekdays}
    return fields | repeat | {"cron": "", "month_day": rule.day, "at": rule.at}
