"""The times a cron expression names, in a time zone, as instants in UTC."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from console.schedules.clocks import DAY, MINUTE, existing
from console.schedules.cron import Cron

QUARTER = 15  # Clocks change at quarters of an hour: steps that end at one miss nothing.
CHANGE = timedelta(hours=3)  # more than any clock changes by, but for a country that skips a day


def moments(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the instants that an expression names, from some time before an instant on.

    A time of day that a clock change skips is at the next minute that exists; one that comes
    twice is the first of them. Hourly and every-n-minutes expressions count real time instead.
    """
    if cron.never:
        return iter(())
    times = real_times if cron.counts_real_time else wall_times
    return times(cron, zone, after)


def wall_times(cron, zone, after):
    """Yield what a clock on the wall says, once each, as the instants when it says so first."""
    start = after.astimezone(zone).replace(tzinfo=None) - CHANGE
    for day in days(cron, start.date() - DAY):
        for hour in every(cron.hours, 24):
            for minute in every(cron.minutes, 60):
                wall = datetime.combine(day, time(hour, minute))
                if wall >= start:
                    yield existing(wall, zone)


def real_times(cron, zone, after):
    """Yield every instant at which the clock fits, in steps that no clock change hides in."""
    instant = after.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
    while True:
        local = instant.astimezone(zone)
        if not fits_day(cron, local):
            day = next(days(cron, local.date() + DAY))
            midnight = datetime.combine(day, time()).replace(tzinfo=zone)
            instant = max(midnight.astimezone(UTC) - CHANGE, instant + to_quarter(local))
        elif not fits(cron.hours, local.hour):
            instant += to_quarter(local)
        elif not fits(cron.minutes, local.minute):
            instant += min(to_next(cron.minutes, local.minute), to_quarter(local))
        else:
            yield instant
            instant += MINUTE


def days(cron, start: date) -> Iterator[date]:
    """Yield the dates that a cron expression allows."""
    day = start
    while True:
        if not fits(cron.months, day.month):
            day = (day.replace(day=1) + 32 * DAY).replace(day=1)
            continue
        if fits_day(cron, day):
            yield day
        day += DAY


def fits_day(cron, day):
    return (
        fits(cron.months, day.month)
        and fits(cron.days, day.day)
        and fits(cron.weekdays, day.isoweekday() % 7)
    )


def fits(allowed, value):
    return allowed is None or value in allowed


def every(allowed, limit):
    return range(limit) if allowed is None else sorted(allowed)


def to_quarter(local):
    return (QUARTER - local.minute % QUARTER) * MINUTE


def to_next(minutes, minute):
    return min((value - minute) % 60 for value in minutes) * MINUTE
