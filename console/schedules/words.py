"""Cron expressions and repeats in plain English."""

from datetime import time

from console.schedules.clocks import wall_of
from console.schedules.cron import DAY_OF_MONTH, Cron, parse
from console.schedules.repeats import LAST_DAY, MONTH, ONCE, WEEK, Repeat
from console.schedules.times import Times

WEEKDAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August")
MONTHS += ("September", "October", "November", "December")
MANY = 8
SHORTEST = 28  # days that every month has


def describe(cron: str | Cron) -> str:
    """Return one sentence, such as `At 00:00 on Mondays.`"""
    cron = parse(cron) if isinstance(cron, str) else cron
    if cron.never:
        return "There is no scheduled time."
    return " ".join(filter(None, (times(cron), dates(cron), why_ignored(cron)))) + "."


def times(cron):
    if cron.minutes is None:
        return "Every minute" + (f" of {hours_named(cron.hours)}" if cron.hours else "")
    if cron.hours is None:
        return every_hour(cron.minutes)
    clock = [
        f"{time(hour, minute):%H:%M}" for hour in sorted(cron.hours) for minute in cron.minutes
    ]
    if len(clock) <= MANY or len(cron.minutes) == 1:
        return "At " + series(sorted(clock))
    return f"At {minutes_named(cron.minutes)} of {hours_named(cron.hours)}"


def every_hour(minutes):
    if minutes == {0}:
        return "Every hour, on the hour"
    step = 60 // len(minutes)
    if len(minutes) > 1 and minutes == set(range(0, 60, step)):
        return "Every minute" if step == 1 else f"Every {step} minutes"
    return f"At {minutes_named(minutes)} of every hour"


def minutes_named(minutes):
    return numbered("minute", minutes)


def hours_named(hours):
    return numbered("hour", hours)


def numbered(noun, values):
    return f"{noun}{'s' if len(values) > 1 else ''} {series(ranges(sorted(values)))}"


def dates(cron):
    months = series(MONTHS[month - 1] for month in sorted(cron.months or ()))
    months = months and f"in {months}"
    if cron.days:
        return f"on {days_named(cron.days)} {months or 'of every month'}"
    if cron.weekdays and len(cron.weekdays) < 7:
        return f"on {weekdays_named(cron.weekdays)} {months}".strip()
    at_times = cron.minutes is not None and cron.hours is not None
    return f"{'every day' if at_times else ''} {months}".strip()


def days_named(days):
    if len(days) > MANY:
        return "the days " + series(ranges(sorted(days)))
    return "the " + series(map(ordinal, sorted(days)))


def weekdays_named(weekdays):
    if weekdays == {1, 2, 3, 4, 5}:
        return "Mondays to Fridays"
    return series(WEEKDAYS[day % 7] for day in sorted(day or 7 for day in weekdays))


def why_ignored(cron):
    if not cron.ignored:
        return ""
    followed = weekdays_named(cron.weekdays) if cron.ignored == DAY_OF_MONTH else "these days"
    often = "just as often" if cron.tie else "more often"
    return f"(the {cron.ignored} is ignored because {followed} come {often})"


def ordinal(number):
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def ranges(values):
    """Return numbers as words, with three or more in a row as `a to b`."""
    words, run = [], []
    for value in [*values, None]:
        if run and (value is None or value != run[-1] + 1):
            words += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run)
            run = []
        run.append(value)
    return words


def series(words):
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def in_words(found: Times) -> str:
    """Return one sentence on when something runs, from when and until when."""
    if isinstance(found.rule, Repeat):
        return ", ".join(filter(None, [repeated(found), found.timezone, span(found)])) + "."
    said, limits = describe(found.rule), span(found)
    return f"{said[:-1]}, {limits}." if limits else said


def repeated(found):
    """Say how often something repeats, and at what time."""
    rule, start = found.rule, wall_of(found.starts_at, found.zone)
    if rule.unit == ONCE:
        return f"Once, on {dated(start)} at {start:%H:%M}"
    words = interval(rule)
    comma = "," if "," in words else ""
    return f"{words}{comma} at {rule.at:%H:%M}" if rule.at else words


def interval(rule: Repeat) -> str:
    """Name a repeat without its time, such as `Every 2 weeks on Monday`."""
    if rule.unit == ONCE:
        return "Once"
    words = f"Every {rule.unit}" if rule.every == 1 else f"Every {rule.every} {rule.unit}s"
    if rule.unit == WEEK:
        named = (WEEKDAYS[day % 7].removesuffix("s") for day in sorted(rule.weekdays))
        return f"{words} on {series(named)}"
    return f"{words} on the {day_named(rule.day)}" if rule.unit == MONTH else words


def day_named(day):
    if day == LAST_DAY:
        return "last day"
    return f"{ordinal(day)}{', or the last day of a shorter month' if day > SHORTEST else ''}"


def span(found):
    """Say from when and until when. The time of a start is left out where it changes nothing."""
    rule, until = found.rule, found.ends_on and f"until {dated(found.ends_on)}"
    once = isinstance(rule, Repeat) and rule.unit == ONCE
    if found.starts_at is None or once:
        return "" if once else until or ""
    start = wall_of(found.starts_at, found.zone)
    at = rule.at if isinstance(rule, Repeat) else start.min.time()
    clock = f" {start:%H:%M}" if at is None or start.time() > at else ""
    return " ".join(filter(None, [f"from {dated(start)}{clock}", until]))


def dated(day):
    return f"{day.day} {day:%b %Y}"
