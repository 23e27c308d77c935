"""The form of repeats: what it understands, what it refuses, and that saving moves nothing."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone as clock

from console.forms.repeats import RepeatForm, initial_of
from console.forms.schedules import ScheduleForm, entries
from console.models import Query
from console.queries.saving import save
from console.schedules import follow_query, in_words, schedule_query, times_of

BERLIN = "Europe/Berlin"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def entered(unit, **fields):
    return {"unit": unit, "timezone": BERLIN, "every": 1, "month_day": 1, "at": "09:00"} | fields


def ahead(days):
    """Return a date that is so many days from now, as it is entered."""
    return f"{clock.now() + timedelta(days=days):%Y-%m-%d}"


WORDS = [
    (
        entered("hour", every=6, start="2026-06-01 09:30"),
        "Every 6 hours, {}, from 1 Jun 2026 09:30.",
    ),
    (entered("day", start="2026-06-01"), "Every day at 09:00, {}, from 1 Jun 2026."),
    (
        entered("week", every=2, weekdays=[1, 4], start="2026-06-01 07:00", end="2099-03-31"),
        "Every 2 weeks on Monday and Thursday at 09:00, {}, from 1 Jun 2026 until 31 Mar 2099.",
    ),
    (
        entered("week", weekdays=[7], start="2026-06-01 12:00"),
        "Every week on Sunday at 09:00, {}, from 1 Jun 2026 12:00.",
    ),
    (
        entered("month", every=3, month_day=15, start="2026-06-01"),
        "Every 3 months on the 15th at 09:00, {}, from 1 Jun 2026.",
    ),
    (
        entered("month", month_day=31, at="23:30", start="2026-06-01"),
        "Every month on the last day at 23:30, {}, from 1 Jun 2026.",
    ),
    (
        entered("month", month_day=30, start="2026-06-01"),
        "Every month on the 30th, or the last day of a shorter month, at 09:00, {}, "
        "from 1 Jun 2026.",
    ),
    (
        entered("cron", cron="0 6 * * mon", start="2026-06-01", end="2099-12-31"),
        "At 06:00 on Mondays, from 1 Jun 2026 until 31 Dec 2099.",
    ),
]


@pytest.mark.parametrize(("given", "sentence"), WORDS)
def test_what_is_entered_is_said_in_words(given, sentence):
    form = RepeatForm(given)

    assert form.is_valid(), form.errors
    assert in_words(form.times) == sentence.format(BERLIN)


def test_once_is_at_its_start_and_without_one_by_hand_only(people):
    form = RepeatForm(entered("once", start=f"{ahead(3)}T18:15"))
    assert form.is_valid(), form.errors
    schedule = schedule_query(people, form.times)
    local = schedule.next_slot.astimezone(ZoneInfo(BERLIN))
    assert f"{local:%Y-%m-%d %H:%M}" == f"{ahead(3)} 18:15"
    assert in_words(form.times) == f"Once, on {local.day} {local:%b %Y} at 18:15, {BERLIN}."

    form = RepeatForm(entered("once"))
    assert form.is_valid()
    assert schedule_query(people, form.times) is None


REFUSED = [
    (entered("week"), "weekdays", "Choose at least one day of the week."),
    (entered("day", at=""), "at", "Enter a time of day, such as 09:00."),
    (entered("day", at="25:00"), "at", "Enter a time of day, such as 09:00."),
    (entered("day", every=0), "every", "Enter 1 or more."),
    (entered("hour", every=366), "every", "Enter 365 or less."),
    (entered("cron", cron="0 25 * * *"), "cron", "Hour: "),
    (entered("day", start="soon"), "start", "such as 2026-12-01 09:00."),
    (entered("day", start=ahead(190)), "start", "at most 6 months ahead"),
    (entered("once", start="2026-01-01 09:00"), "start", "This time has passed."),
    (entered("day", start=ahead(9), end=ahead(8)), "end", "The end is before the start."),
    (entered("day", end="2026-01-01"), "end", "This day has passed."),
    (entered("day", start=f"{ahead(9)} 10:00", end=ahead(9)), "end", "No run lies between"),
    (entered("day", start="0001-01-01T00:00"), "start", "This is too long ago."),
    (entered("day", end="9999-12-31"), "end", "This is too far ahead."),
    (entered("day", timezone="Mars/Base"), "timezone", "There is no such time zone."),
    (entered("year"), "unit", "Choose one of the list"),
]


@pytest.mark.parametrize(("given", "field", "said"), REFUSED)
def test_what_cannot_be_is_refused_beside_its_field(given, field, said):
    form = RepeatForm(given, prefix="schedule")
    form.data = {f"schedule-{name}": value for name, value in given.items()}

    assert list(form.errors) == [field]
    assert said in form.errors[field][0]


def test_fields_of_other_units_are_no_matter():
    form = RepeatForm(entered("hour", at="25:00", weekdays=["9"], cron="x", month_day="77"))

    assert form.is_valid(), form.errors


SAVED = [given for given, _ in WORDS] + [entered("day"), entered("hour", every=5)]


@pytest.mark.parametrize("given", SAVED)
def test_saving_what_the_form_shows_changes_nothing(people, given):
    form = RepeatForm(given)
    assert form.is_valid(), form.errors
    schedule = schedule_query(people, form.times, now=NOON)
    before = times_of(schedule), schedule.next_slot

    shown = initial_of(schedule)
    again = RepeatForm(shown, schedule=schedule)
    assert again.is_valid(), again.errors
    saved = schedule_query(people, again.times, now=NOON + timedelta(days=100))
    assert (times_of(saved), saved.next_slot) == before

    dialog = ScheduleForm(entries(people) | {"hours": 0}, schedule=people.schedule)
    assert dialog.is_valid(), dialog.errors
    saved = schedule_query(people, dialog.times, now=NOON + timedelta(days=100))
    assert (times_of(saved), saved.next_slot) == before


def test_what_is_saved_stays_although_it_has_passed(people):
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    form = RepeatForm(entered("day", start="2026-01-05", end="2099-01-01"))
    assert form.is_valid()
    schedule = schedule_query(people, form.times, now=long_ago)
    schedule.ends_on = date(2026, 2, 1)
    schedule.save()

    again = RepeatForm(initial_of(schedule), schedule=schedule)

    assert again.is_valid(), again.errors
    assert again.times.ends_on == date(2026, 2, 1)


def test_a_schedule_without_times_of_its_own_begins_with_an_empty_form(people, marketer):
    other = Query(name="Bills", database=people.database, sql="SELECT 1", owner=marketer)
    schedule = follow_query(save(other, by=marketer), people)

    assert initial_of(schedule) == {"unit": "once", "timezone": "UTC"} == initial_of(None)
