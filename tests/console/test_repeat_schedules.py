"""Queries that repeat: each slot runs once, whatever is saved, missed or paused, until the end."""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from console.forms.schedules import ScheduleForm, entries
from console.models import Job, Query, Schedule
from console.queries.saving import save
from console.queries.simulator import simulate
from console.schedules import Repeat, follow_query, pause, resume, schedule_query, tick, times
from console.schedules.backfill import past_slots
from console.schedules.chains import course
from console.watch.state import late

HTMX = {"HX-Request": "true"}
BERLIN = "Europe/Berlin"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FORTNIGHT = Repeat("week", 2, frozenset({1, 4}), at=time(9))


def put(query, repeat=FORTNIGHT, start=NOON, end=None, *, now=NOON, **policies):
    schedule_query(query, times(repeat, BERLIN, start, end), now=now, **policies)
    return query.schedule


def slots(status="queued"):
    """Return the slots of jobs, in Berlin, in the order of the jobs."""
    found = Job.objects.filter(status=status).order_by("pk").values_list("slot", flat=True)
    return [f"{slot.astimezone(ZoneInfo(BERLIN)):%m-%d %H:%M}" for slot in found]


def fresh(query):
    return Schedule.objects.get(query=query)


def test_a_repeat_runs_from_its_start_to_its_end_and_has_ended_then(people):
    put(people, end=date(2026, 4, 2))

    for days in range(60):
        tick(NOON + days * DAY)

    # The clocks change on the 29th of March.
    assert slots() == ["03-05 09:00", "03-16 09:00", "03-19 09:00", "03-30 09:00", "04-02 09:00"]
    assert fresh(people).next_slot is None
    assert fresh(people).ended


def test_once_runs_once_also_where_it_is_saved_again(people):
    once = Repeat("once")
    put(people, once, NOON + DAY)
    assert [tick(NOON + days * DAY) for days in range(3)] == [0, 1, 0]

    put(people, once, NOON + DAY, now=NOON + 2 * DAY)
    assert tick(NOON + 3 * DAY) == 0
    put(people, once, NOON + 5 * DAY, now=NOON + 4 * DAY)

    assert tick(NOON + 9 * DAY) == 1
    assert slots() == ["03-03 13:00", "03-07 13:00"]


def test_once_that_was_missed_is_run_when_the_cluster_is_back(people):
    put(people, Repeat("once"), NOON + DAY)

    assert tick(NOON + 5 * DAY) == 1
    assert tick(NOON + 6 * DAY) == 0


def test_missed_slots_of_a_repeat_are_run_as_the_schedule_asks(people):
    rules = {"missed": "all", "missed_most": 3, "missed_hours": 168}
    put(people, Repeat("hour", 7), **rules)

    tick(NOON + 30 * HOUR)

    assert slots() == ["03-03 03:00", "03-03 10:00", "03-03 17:00"]
    assert fresh(people).next_slot == NOON + 35 * HOUR


def a_repeat(dice):
    weekdays = frozenset(dice.sample(range(1, 8), 3))
    return dice.choice(
        [
            Repeat("hour", dice.randint(1, 40)),
            Repeat("day", 3, at=time(2, 30)),
            Repeat("week", 2, weekdays, at=time(2)),
            Repeat("month", 1, day=31, at=time(1)),
        ]
    )


@pytest.mark.parametrize("zone", [BERLIN, "Australia/Lord_Howe"])
def test_saving_without_a_change_never_moves_or_repeats_a_slot(people, zone):
    for seed in range(2):
        dice, begin = random.Random(seed), datetime(2026, 3, 1, 7, tzinfo=UTC)
        repeat, now = a_repeat(dice), begin
        rules = {"overlap": "allow", "missed": "all", "missed_most": 100, "missed_hours": 168}
        Job.objects.all().delete()
        schedule_query(people, times(repeat, zone, begin), now=now, **rules)
        while now < datetime(2026, 12, 1, tzinfo=UTC):
            now += timedelta(minutes=dice.randint(1, 60 * 24 * 6))
            form = ScheduleForm(entries(people), schedule=fresh(people))
            assert form.is_valid(), form.errors
            schedule_query(people, form.times, now=now)
            tick(now)

        due = takewhile(lambda slot, now=now: slot <= now, form.times.slots(begin))
        assert [job.slot for job in Job.objects.order_by("pk")] == list(due), (zone, repeat)


def test_a_slot_that_is_due_stays_due_where_only_the_end_changes(people):
    put(people, end=date(2026, 3, 31))
    late = NOON + 3 * DAY  # four hours after the slot, which nothing has run yet

    put(people, end=date(2026, 4, 30), now=late)

    assert tick(late) == 1
    assert slots() == ["03-05 09:00"]


def test_an_end_that_comes_earlier_drops_what_is_after_it_and_a_later_one_goes_on(people):
    put(people)
    put(people, end=date(2026, 3, 4), now=NOON + HOUR)
    assert (fresh(people).next_slot, fresh(people).ended) == (None, True)

    put(people, end=date(2026, 4, 1), now=NOON + 10 * DAY)

    # The 5th has passed, and the weeks are counted from where they were.
    assert fresh(people).next_slot == datetime(2026, 3, 16, 8, tzinfo=UTC)


def test_a_start_that_is_not_given_goes_on_counting_where_the_repeat_has_begun(people):
    put(people, Repeat("day", 5, at=time(9)), None, now=NOON)
    start = fresh(people).starts_at

    put(people, Repeat("day", 5, at=time(9)), None, now=NOON + 3 * DAY)
    assert fresh(people).starts_at == start

    put(people, Repeat("day", 5, at=time(9)), NOON + 30 * DAY, now=NOON + 3 * DAY)
    put(people, Repeat("day", 5, at=time(9)), None, now=NOON + 3 * DAY)
    assert fresh(people).next_slot == datetime(2026, 3, 6, 8, tzinfo=UTC)


def test_a_cron_expression_starts_and_ends_too(people):
    put(people, "0 9 * * *", NOON + 5 * DAY, date(2026, 3, 9))

    for days in range(20):
        tick(NOON + days * DAY)

    assert slots() == ["03-08 09:00", "03-09 09:00"]
    put(people, "0 9 * * *", None, None, now=NOON + 20 * DAY)
    assert fresh(people).next_slot == datetime(2026, 3, 23, 8, tzinfo=UTC)


def test_a_pause_keeps_the_count_of_weeks(people, marketer):
    put(people)
    pause(people.schedule, marketer, now=NOON + DAY)
    assert tick(NOON + 9 * DAY) == 0

    resume(people.schedule, now=NOON + 9 * DAY)

    assert fresh(people).next_slot == datetime(2026, 3, 16, 8, tzinfo=UTC)


def test_overlap_and_late_starts_are_those_of_every_schedule(people):
    put(people, Repeat("hour", 2), overlap="skip")
    tick(NOON + 2 * HOUR)
    tick(NOON + 4 * HOUR)

    assert slots("skipped") == ["03-02 17:00"]
    assert late(NOON + 6 * HOUR + 9 * MINUTE) == [people.schedule]


def test_earlier_slots_are_those_between_start_and_end(people):
    put(people, end=date(2026, 3, 17))
    tick(NOON + 5 * DAY)
    tick(NOON + 20 * DAY)

    people.schedule.refresh_from_db()
    found = past_slots(people, NOON - 90 * DAY, NOON + 90 * DAY)

    assert [f"{each.slot:%m-%d %H:%M}" for each in found] == ["03-05 08:00", "03-16 08:00"]
    assert [each.job is not None for each in found] == [True, True]


def test_what_runs_after_a_repeat_has_its_times_until_the_end(people, marketer, client):
    report = Query(name="Report", database=people.database, sql="SELECT 1", owner=marketer)
    follow_query(save(report, by=marketer), people)
    put(people, end=date(2026, 3, 5))
    [shown] = simulate(course(fresh(report)).times, 0, NOON, 9)
    assert shown.starts == datetime(2026, 3, 5, 8, tzinfo=UTC)

    tick(NOON + 5 * DAY)

    assert course(fresh(report)).why_none == "The schedule of “People” has ended."
    client.force_login(marketer)
    address = reverse("query-schedule", args=[report.pk])
    page = client.get(address, headers=HTMX).content.decode()
    assert "The schedule of “People” has ended." in page


def test_after_another_query_nothing_is_left_of_the_repeat(people, marketer):
    other = Query(name="Report", database=people.database, sql="SELECT 1", owner=marketer)
    put(save(other, by=marketer), end=date(2026, 4, 1))

    schedule = follow_query(other, people)

    schedule.refresh_from_db()
    kept = (schedule.repeat, schedule.starts_at, schedule.ends_on, schedule.next_slot)
    assert kept == ("", None, None, None)
    assert not schedule.ended


def test_pages_say_how_it_repeats_and_that_it_has_ended(people, marketer, client):
    client.force_login(marketer)
    schedule_query(people, times(FORTNIGHT, BERLIN, NOON))
    said = "Every 2 weeks on Monday and Thursday"
    assert said in client.get(reverse("home")).content.decode()
    listed = client.get(reverse("queries")).content.decode()
    assert f"{said} at 09:00, Europe/Berlin, from 2 Mar 2026 13:00." in listed
    assert f"Schedule: {said}" in client.get(people.get_absolute_url()).content.decode()

    Schedule.objects.update(next_slot=None, ends_on=date(2026, 3, 3))

    assert ">Ended<" in client.get(reverse("queries")).content.decode()
    assert "Ended: no run is to come" in client.get(people.get_absolute_url()).content.decode()
    panel = client.get(reverse("query-schedule", args=[people.pk]), headers=HTMX).content.decode()
    assert "No run is to be expected. The schedule has ended." in panel
    assert 'value="2026-03-02T13:00"' in panel


def posted(**fields):
    given = {"when": "repeat", "unit": "week", "every": 2, "weekdays": [1, 4], "at": "09:00"}
    delay = {"hours": 0, "minutes": 5, "seconds": 0}
    return given | {"timezone": BERLIN, "month_day": 1} | delay | fields


def test_the_panel_puts_a_query_on_a_repeat_and_takes_it_off(people, marketer, client):
    client.force_login(marketer)
    address = reverse("query-schedule", args=[people.pk])

    client.post(address, posted(start="2026-03-02T13:00", end="2099-03-31"))

    schedule = fresh(people)
    assert (schedule.repeat, schedule.every, schedule.weekdays) == ("week", 2, "14")
    assert (schedule.starts_at, schedule.ends_on) == (NOON, date(2099, 3, 31))
    assert (schedule.delay, schedule.cron, str(schedule)) == (300, "", f"every 2 weeks {BERLIN}")
    client.post(address, posted(when="@daily", start="", end=""))
    assert (fresh(people).cron, fresh(people).repeat, fresh(people).ends_on) == ("@daily", "", None)
    client.post(address, posted(when=""))
    assert not Schedule.objects.exists()


def test_the_panel_refuses_once_without_a_time_and_shows_what_was_sent(people, marketer, client):
    client.force_login(marketer)
    address = reverse("query-schedule", args=[people.pk])

    answer = client.post(address, posted(unit="once", start=""), headers=HTMX)

    assert answer.status_code == 422
    assert "Enter when it is to run." in answer.content.decode()
    assert not Schedule.objects.exists()
    shown = client.post(reverse("schedule-firings", args=[people.pk]), posted(weekdays=[]))
    assert "Choose at least one day of the week." in shown.content.decode()
    soon = f"{datetime.now(UTC).date() + 3 * DAY}T13:00"
    once = posted(unit="once", start=soon)
    shown = client.post(reverse("schedule-firings", args=[people.pk]), once)
    assert "<caption>Next run</caption>" in shown.content.decode()


BROKEN = [
    {"cron": "@daily", "repeat": "day", "at": time(9)},
    {"repeat": "day", "at": time(9), "starts_at": None},
    {"repeat": "day", "at": time(9), "every": 0},
    {"repeat": "day"},
    {"repeat": "week", "at": time(9)},
    {"repeat": "month", "at": time(9)},
    {"repeat": "month", "at": time(9), "month_day": 32},
]


@pytest.mark.parametrize("fields", BROKEN)
def test_the_database_keeps_no_repeat_that_cannot_be_followed(db, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        Schedule.objects.create(**{"starts_at": NOON} | fields)
