"""The times of what repeats, against a calendar that is tried day by day."""

import calendar
import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest

from console.schedules import CronError, Repeat, times

BERLIN = "Europe/Berlin"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


def changing(part):
    """Return a quarter of the zones whose clocks change in 2026 or 2027."""
    steps = [BEGIN + 12 * HOUR * n for n in range(1461)]
    return [
        name
        for name in sorted(available_timezones())[part::4]
        if len({step.astimezone(ZoneInfo(name)).utcoffset() for step in steps}) > 1
    ]


def a_repeat(dice):
    at = time(dice.choice((0, 1, 2, 3, 23)), dice.choice((0, 5, 30, 59)))
    weekdays = frozenset(dice.sample(range(1, 8), dice.randint(1, 4)))
    return dice.choice(
        [
            Repeat("day", dice.randint(1, 9), at=at),
            Repeat("week", dice.randint(1, 5), weekdays, at=at),
            Repeat("month", dice.randint(1, 5), day=dice.choice((1, 15, 29, 30, 31)), at=at),
        ]
    )


def is_on(repeat, day, anchor):
    """Return whether a date is one of a repeat: a second reading of the same rules."""
    if repeat.unit == "day":
        return (day - anchor).days % repeat.every == 0
    if repeat.unit == "week":
        monday = anchor - anchor.weekday() * DAY
        return day.isoweekday() in repeat.weekdays and (day - monday).days // 7 % repeat.every == 0
    passed = (day.year - anchor.year) * 12 + day.month - anchor.month
    length = calendar.monthrange(day.year, day.month)[1]
    return passed % repeat.every == 0 and day.day == min(repeat.day, length)


def first_shown(wall, zone):
    """Return the first instant at which a clock shows a time, or the next one that it shows."""
    start = wall.replace(tzinfo=UTC) - 30 * HOUR
    shown = ((start + n * MINUTE) for n in range(60 * 60))
    return next(each for each in shown if each.astimezone(zone).replace(tzinfo=None) >= wall)


def on_the_calendar(repeat, zone, start, end):
    anchor, found = start.astimezone(zone).date(), set()
    for n in range((end - start) // DAY + 3):
        day = anchor + n * DAY
        if is_on(repeat, day, anchor):
            wall = datetime.combine(day, repeat.at)
            instant = wall.replace(tzinfo=zone).astimezone(UTC)
            usual = instant.astimezone(zone).replace(tzinfo=None) == wall
            found.add(instant if usual else first_shown(wall, zone))
    return sorted(slot for slot in found if start <= slot < end)


@pytest.mark.parametrize("part", range(4))
def test_in_all_zones_whose_clocks_change_dates_are_those_of_the_calendar(part):
    dice, zones = random.Random(part), changing(part)
    for name in zones:
        repeat, zone = a_repeat(dice), ZoneInfo(name)
        start = BEGIN + timedelta(minutes=dice.randrange(60 * 24 * 40))
        found = times(repeat, name, start)

        slots = list(takewhile(lambda slot: slot < END, found.slots(start - 9 * DAY)))

        assert slots == on_the_calendar(repeat, zone, start, END), (name, repeat, start)
    assert len(zones) > 40


@pytest.mark.parametrize("part", range(4))
def test_hours_are_counted_in_real_time_from_the_start(part):
    dice = random.Random(part)
    for name in changing(part):
        every = dice.randint(1, 30)
        start = BEGIN + timedelta(minutes=dice.randrange(60 * 24 * 40))
        after = start + timedelta(minutes=dice.randrange(60 * 24 * 500))

        slots = times(Repeat("hour", every), name, start).first(60, after)

        assert all(later - earlier == every * HOUR for earlier, later in pairwise(slots))
        assert (slots[0] - start) % (every * HOUR) == timedelta()
        assert timedelta() < slots[0] - after <= every * HOUR


EQUAL = [
    ("0 * * * *", Repeat("hour")),
    ("30 2 * * *", Repeat("day", at=time(2, 30))),
    ("0 0 * * *", Repeat("day", at=time())),
    ("5 9 * * mon,thu", Repeat("week", 1, frozenset({1, 4}), at=time(9, 5))),
    ("59 23 * * *", Repeat("week", 1, frozenset(range(1, 8)), at=time(23, 59))),
    ("15 1 15 * *", Repeat("month", 1, day=15, at=time(1, 15))),
    ("0 3 1 */3 *", Repeat("month", 3, day=1, at=time(3))),
]


@pytest.mark.parametrize(("cron", "repeat"), EQUAL)
def test_a_repeat_is_the_cron_expression_that_says_the_same(cron, repeat):
    for name in ("UTC", BERLIN, "America/New_York", "Asia/Beirut", "America/Nuuk", "Africa/Cairo"):
        start = datetime(2026, 3, 1, tzinfo=ZoneInfo(name)).astimezone(UTC)
        for n in range(0, 700, 7):
            after = start + n * DAY
            repeated = times(repeat, name, start).next(after)
            assert repeated == times(cron, name).next(after), (name, after)


def test_a_start_is_a_slot_where_it_fits_and_an_end_has_its_whole_day():
    start = datetime(2026, 12, 1, 8, tzinfo=UTC)  # 09:00 in Berlin
    daily = Repeat("day", at=time(9))
    assert times(daily, BERLIN, start).next(start - 9 * DAY) == start
    assert times(daily, BERLIN, start + MINUTE).next(start - 9 * DAY) == start + DAY
    assert times("0 9 * * *", BERLIN, start).next(start - 9 * DAY) == start
    assert times("0 9 * * *", BERLIN, start + MINUTE).next(start - DAY) == start + DAY

    late = times(Repeat("day", at=time(23, 59)), BERLIN, start, date(2026, 12, 3))
    assert [f"{each:%d %H:%M}" for each in late.slots(start)] == [
        "01 22:59",
        "02 22:59",
        "03 22:59",
    ]
    early = times("0 0 * * *", BERLIN, start, date(2026, 12, 3))
    assert [f"{each:%d %H:%M}" for each in early.slots(start)] == ["01 23:00", "02 23:00"]
    hours = times(Repeat("hour", 12), BERLIN, start, date(2026, 12, 1))
    assert list(hours.slots(start - DAY)) == [start, start + 12 * HOUR]


def test_a_start_without_seconds_is_the_same_start():
    start = datetime(2026, 12, 1, 8, tzinfo=UTC)

    assert times(Repeat("hour"), starts_at=start + timedelta(seconds=59)).starts_at == start


def test_a_repeat_without_a_start_begins_with_its_next_time():
    now = datetime(2026, 11, 27, 16, 40, 12, tzinfo=UTC)  # a Friday, 17:40 in Berlin

    def first(repeat, zone=BERLIN):
        begun = times(repeat, zone).begun(now)
        assert begun.begun(now + 99 * DAY) == begun
        slot = begun.next(now).astimezone(ZoneInfo(zone))
        return f"{slot:%Y-%m-%d %H:%M}", begun.starts_at.astimezone(ZoneInfo(zone)).date()

    assert first(Repeat("day", 3, at=time(18))) == ("2026-11-27 18:00", date(2026, 11, 27))
    assert first(Repeat("day", 3, at=time(17))) == ("2026-11-28 17:00", date(2026, 11, 28))
    weekly = Repeat("week", 2, frozenset({1, 4}), at=time(9))
    assert first(weekly) == ("2026-11-30 09:00", date(2026, 11, 30))
    monthly = Repeat("month", 6, day=31, at=time(0))
    assert first(monthly) == ("2026-11-30 00:00", date(2026, 11, 30))
    assert first(Repeat("hour", 4)) == ("2026-11-27 18:00", date(2026, 11, 27))
    assert first(Repeat("hour", 4), "Asia/Kolkata") == ("2026-11-27 23:00", date(2026, 11, 27))


def test_the_last_slot_is_found_in_what_ended_long_ago():
    start = datetime(2016, 1, 1, tzinfo=UTC)
    found = times(Repeat("hour", 7), BERLIN, start, date(2017, 3, 1))

    last = found.last(start, END)

    assert last <= found.end < last + 7 * HOUR
    assert found.next(last) is None


WRONG = [
    {"unit": "year"},
    {"unit": "hour", "every": 0},
    {"unit": "day"},
    {"unit": "week", "at": time(9)},
    {"unit": "week", "weekdays": frozenset({0}), "at": time(9)},
    {"unit": "month", "at": time(9)},
    {"unit": "month", "day": 32, "at": time(9)},
]


@pytest.mark.parametrize("given", WRONG)
def test_a_repeat_that_cannot_be_is_refused(given):
    with pytest.raises(CronError, match=r"^Repeat: "):
        Repeat(**given)
