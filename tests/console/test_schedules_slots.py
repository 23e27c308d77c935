"""The times that cron expressions name, over clock changes too."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest
from cronsim import CronSim

from console.schedules import parse, times

BERLIN = "Europe/Berlin"

# Expression, zone, from when (local), the next slots (local).
GOLDENS = [
    ("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["2028-02-29T00:00+00:00"]),
    (
        "30 */2 1 * *",
        "UTC",
        "2026-01-01T00:00",
        [f"2026-01-01T{hour:02}:30+00:00" for hour in range(0, 24, 2)] + ["2026-02-01T00:30+00:00"],
    ),
    ("0 0 */5 * *", "UTC", "2026-01-01T00:00", ["2026-01-05T00:00+00:00"]),
    (
        "30 2 * * *",
        BERLIN,
        "2026-03-28T12:00",
        ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
    ),
    (
        "30 2 * * *",
        BERLIN,
        "2026-10-24T12:00",
        ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
    ),
    (
        "15 * * * *",
        BERLIN,
        "2026-10-25T01:20",
        ["2026-10-25T02:15+02:00", "2026-10-25T02:15+01:00", "2026-10-25T03:15+01:00"],
    ),
    (
        "*/30 * * * *",
        BERLIN,
        "2026-10-25T01:40",
        [
            "2026-10-25T02:00+02:00",
            "2026-10-25T02:30+02:00",
            "2026-10-25T02:00+01:00",
            "2026-10-25T02:30+01:00",
            "2026-10-25T03:00+01:00",
        ],
    ),
    (
        "30 */2 * * *",
        BERLIN,
        "2026-03-29T00:00",
        ["2026-03-29T00:30+01:00", "2026-03-29T04:30+02:00"],
    ),
    ("0 0 * * *", "Asia/Beirut", "2026-03-28T12:00", ["2026-03-29T01:00+03:00"]),
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["2026-10-04T02:30+11:00"]),
    (
        "59 23 * * *",
        "America/Nuuk",
        "2026-03-28T12:00",
        ["2026-03-29T00:00-01:00", "2026-03-29T23:59-01:00"],
    ),
    (
        "0 0 * * *",
        "Pacific/Apia",
        "2011-12-28T12:00",
        ["2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00"],
    ),
]


@pytest.mark.parametrize(("cron", "zone", "start", "expected"), GOLDENS)
def test_slots_come_when_the_rules_of_clock_changes_say(cron, zone, start, expected):
    after = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)) - timedelta(minutes=1)

    found = times(cron, zone).first(len(expected), after)

    local = [slot.astimezone(ZoneInfo(zone)) for slot in found]
    assert [slot.isoformat(timespec="minutes") for slot in local] == expected


def test_slots_are_instants_in_utc_after_the_start_and_never_at_it():
    midnight = datetime(2026, 1, 1, tzinfo=UTC)

    [first] = times("@daily", "UTC").first(1, midnight)

    assert first == datetime(2026, 1, 2, tzinfo=UTC)
    assert first.tzinfo is UTC


def test_no_slot_comes_back_from_inside_a_repeated_hour():
    second_pass = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 in Berlin, again

    [slot] = times("30 2 * * *", BERLIN).first(1, second_pass)

    assert slot == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_no_expression_has_no_slots():
    assert times("").first(5, datetime.now(UTC)) == []


@pytest.mark.parametrize("cron", ["* * * * *", "@hourly", "0 9 * * 1", "0 0 1 1 *", "0 0 29 2 *"])
def test_the_last_slot_before_a_time_is_found_however_long_ago_the_first_was(cron):
    first = times(cron, BERLIN).first(1, datetime(2012, 1, 1, tzinfo=UTC))[0]
    until = datetime(2026, 11, 22, 7, 30, 30, tzinfo=UTC)

    last = times(cron, BERLIN).last(first, until)

    assert first < last <= until < times(cron, BERLIN).first(1, last)[0]


def field(dice, least, most):
    """Return a random field of the grammar."""
    a, b = sorted(dice.choices(range(least, most + 1), k=2))
    kinds = ["*", "*", str(a), f"{a}-{b}", f"{a},{b}", f"*/{max(1, b // 3)}", f"{a},*/{max(b, 1)}"]
    return dice.choice(kinds)


def written_out(cron, zone, start, end):
    """Return the slots by trying every minute: a second reading of the same rules."""
    utc = [start + timedelta(minutes=n) for n in range(int((end - start) / timedelta(minutes=1)))]
    if cron.counts_real_time:
        return {slot for slot in utc if fits(cron, slot.astimezone(zone))}
    wall = {slot.astimezone(zone).replace(tzinfo=None, fold=0) for slot in utc}
    wall |= {time + timedelta(minutes=n) for time in wall for n in (30, 60, 90)}
    return {existing(time, zone) for time in wall if fits(cron, time)} - {None}


def existing(wall, zone):
    while (slot := wall.replace(tzinfo=zone).astimezone(UTC)).astimezone(zone).replace(
        tzinfo=None, fold=0
    ) != wall:
        wall += timedelta(minutes=1)
    return slot


def fits(cron, local):
    asked = (cron.minutes, cron.hours, cron.days, cron.months, cron.weekdays)
    values = (local.minute, local.hour, local.day, local.month, local.isoweekday() % 7)
    return all(allowed is None or v in allowed for allowed, v in zip(asked, values, strict=True))


NIGHTS = [
    (BERLIN, datetime(2026, 3, 28, tzinfo=UTC)),
    (BERLIN, datetime(2026, 10, 24, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 3, 13, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2026, 3, 28, tzinfo=UTC)),
]


@pytest.mark.parametrize("seed", range(60))
def test_random_expressions_agree_with_trying_every_minute(seed):
    dice = random.Random(seed)
    cron = parse(" ".join([field(dice, 0, 59), field(dice, 0, 23), "*", "*", field(dice, 0, 6)]))
    name, start = NIGHTS[seed % len(NIGHTS)]
    end = start + timedelta(days=2)

    found = takewhile(
        lambda slot: slot < end, times(cron, name).slots(start - timedelta(minutes=1))
    )

    tried = written_out(cron, ZoneInfo(name), start - timedelta(hours=3), end)
    assert list(found) == sorted(slot for slot in tried if start <= slot < end)


@cache
def changing_zones():
    """Return one zone of each way that clocks change in 2026."""
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=12 * n) for n in range(730)]
    ways = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        ways.setdefault(tuple(moment.astimezone(zone).utcoffset() for moment in moments), name)
    return [name for offsets, name in ways.items() if len(set(offsets)) > 1]


@pytest.mark.parametrize("cron", ["0 0 * * *", "30 2 * * *"])
def test_in_every_zone_a_daily_time_comes_once_on_every_date(cron):
    for name in changing_zones():
        zone, start = ZoneInfo(name), datetime(2026, 1, 1, tzinfo=UTC)

        dates = [slot.astimezone(zone).date() for slot in times(cron, name).first(365, start)]

        assert dates == [dates[0] + timedelta(days=n) for n in range(365)], name


CALENDAR = ["0 0 29 2 *", "5,50 1,23 1-4 2 1", "*/20 3 31 * *", "7 */6 * 4,*/5 fri", "1 2 3 4 *"]


@pytest.mark.parametrize("cron", CALENDAR)
def test_dates_agree_with_cronsim(cron):
    parsed, start = parse(cron), datetime(2026, 1, 1, tzinfo=UTC)
    fields = (parsed.minutes, parsed.hours, parsed.days, parsed.months, parsed.weekdays)
    plain = " ".join("*" if f is None else ",".join(map(str, sorted(f))) for f in fields)

    assert times(cron).first(50, start) == list(islice(CronSim(plain, start), 50))
