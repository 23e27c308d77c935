"""A clock that was a day ahead and is right again: schedules go on at once, nothing doubles."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from console import backups
from console.jobs import run
from console.jobs.changes.settling import latest
from console.models import Alarm, Database, Delivered, DueSlot, Job, Notice, Pulse, Query, Schedule
from console.schedules import follow_query, pause, resume, schedule_query, tick, times
from console.schedules.repeats import Repeat
from console.watch import Heart, late, ticking

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def database(marketer):
    return Database.objects.create(name="shop", owner=marketer)


@pytest.fixture
def query(database, marketer):
    """A function that saves a query; with a rule it is on a schedule since noon."""

    def query(rule="", name="Buyers", **more):
        made = Query.objects.create(name=name, database=database, sql="SELECT 1", owner=marketer)
        if rule:
            schedule_query(made, rule, now=NOON, **more)
        return made

    return query


def dispatch(now, heart=None, steady=0):
    """Let a dispatcher do its round at a time, as its clock has it."""
    started = tick(now)
    (heart or Heart()).beat(now, steady)
    return started


def ahead():
    """Let the clock be a day ahead for a while, from noon on."""
    dispatch(NOON + MINUTE)
    dispatch(TOMORROW + MINUTE)


def recover(now=NOON + 5 * MINUTE):
    """Let the clock be right again from then on, until a dispatcher is sure of it."""
    User.objects.update(date_joined=NOON - HOUR)
    heart = Heart()
    for seconds in (0, 299, 300):
        dispatch(now + timedelta(seconds=seconds), heart, steady=1 + seconds)


def next_slot(query):
    return Schedule.objects.get(query=query).next_slot


def test_a_schedule_goes_on_with_its_first_slot_from_now(query, caplog):
    buyers = query("0 * * * *")
    ahead()
    assert next_slot(buyers) == TOMORROW + HOUR

    recover()

    assert next_slot(buyers) == NOON + HOUR
    assert "ahead by 23:51:00" in caplog.text and "1 schedules go on" in caplog.text
    assert dispatch(NOON + HOUR) == 1
    assert late(NOON + HOUR) == []


def test_a_slot_that_ran_early_is_not_run_again_and_the_one_after_it_is(query):
    buyers = query("0 * * * *", overlap=Schedule.Overlap.ALLOW)
    ahead()
    assert [job.slot for job in buyers.jobs.all()] == [TOMORROW]
    recover()

    started = [dispatch(NOON + hours * HOUR) for hours in range(1, 26)]

    assert started == [1] * 23 + [0, 1]
    slots = [job.slot for job in buyers.jobs.order_by("slot")]
    assert slots == [NOON + hours * HOUR for hours in range(1, 26)]


def test_what_ended_in_that_future_goes_on(query):
    daily = query(times("0 13 * * *", ends_on=date(2026, 3, 2)), name="Daily")
    once = query(times(Repeat("once"), starts_at=NOON + 2 * HOUR), name="Once")
    over = query(times(Repeat("once"), starts_at=NOON + MINUTE), name="Over")
    Schedule.objects.update(missed=Schedule.Missed.SKIP)
    ahead()
    assert {next_slot(each) for each in (daily, once, over)} == {None}

    recover()

    assert [next_slot(each) for each in (daily, once, over)] == [
        NOON + HOUR,
        NOON + 2 * HOUR,
        None,
    ]


def test_a_slot_that_was_only_skipped_in_that_future_is_yet_to_come(query):
    daily = query("0 13 * * *", missed=Schedule.Missed.SKIP)
    ahead()
    assert [job.status for job in daily.jobs.all()] == ["skipped"]

    recover()

    assert dispatch(NOON + HOUR) == 1
    assert [(job.slot, job.status) for job in daily.jobs.all()] == [(NOON + HOUR, "queued")]


def test_a_slot_that_was_waiting_for_its_delay_when_the_clock_leapt_is_run(query):
    daily = query("5 12 * * *", delay=6 * 3600, missed=Schedule.Missed.SKIP)
    dispatch(NOON + HOUR)
    dispatch(NOON + timedelta(days=2, hours=9))
    assert next_slot(daily) > TOMORROW

    recover(NOON + 2 * HOUR)

    assert next_slot(daily) == NOON + 5 * MINUTE
    assert dispatch(NOON + 6 * HOUR) == 0
    assert dispatch(NOON + 6 * HOUR + 5 * MINUTE) == 1


def test_a_slot_that_comes_while_the_dispatcher_is_not_sure_yet_is_run(query):
    daily = query("7 12 * * *")
    dispatch(NOON + MINUTE)
    schedule = daily.schedule
    schedule.next_slot = TOMORROW  # as it is once the clock has leapt over the slot of the day
    schedule.save()
    Heart().beat(TOMORROW - HOUR)

    recover()

    assert dispatch(NOON + 11 * MINUTE) == 1
    assert [job.slot for job in daily.jobs.all()] == [NOON + 7 * MINUTE]


def test_a_skipped_slot_that_somebody_has_run_since_is_not_run_again(query, marketer):
    daily = query("0 13 * * *", missed=Schedule.Missed.SKIP)
    ahead()
    [skipped] = daily.jobs.all()
    again = Job.objects.create(
        query=daily, owner=marketer, database="shop", sql="SELECT 1", slot=skipped.slot,
        retry_of=skipped, started_by=marketer,
    )  # fmt: skip

    recover()

    assert dispatch(NOON + HOUR) == 0
    assert set(daily.jobs.all()) == {skipped, again}


def test_what_was_before_a_schedule_was_made_or_resumed_stays_out(query):
    daily = query("0 9 * * *", delay=6 * 3600)
    Schedule.objects.update(created_at=NOON)
    dispatch(NOON + MINUTE)
    dispatch(NOON + timedelta(days=3, hours=4))

    recover(NOON + HOUR)

    assert next_slot(daily) == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_a_tick_of_the_right_clock_keeps_what_tells_that_another_was_ahead(query):
    buyers = query("0 * * * *")
    dispatch(NOON + MINUTE)
    tick(TOMORROW + MINUTE)
    query("* * * * *", name="Made since")
    tick(NOON + 3 * MINUTE)

    recover()

    assert next_slot(buyers) == NOON + HOUR


def test_while_another_dispatcher_lives_in_that_future_nothing_is_moved(query, caplog):
    buyers, heart = query("0 * * * *"), Heart()
    ahead()
    for minute in range(20):
        Heart().beat(TOMORROW + minute * MINUTE)
        dispatch(NOON + minute * MINUTE, heart, steady=minute * 60)

    assert next_slot(buyers) == TOMORROW + HOUR
    assert "one of the two is wrong" in caplog.text and "was ahead" not in caplog.text
    assert Pulse.objects.get(name="dispatcher").at == TOMORROW + 19 * MINUTE


def test_a_clock_that_was_never_set_moves_nothing(query):
    buyers, heart = query("0 * * * *"), Heart()
    dispatch(NOON + MINUTE)
    for steady in (0, 300, 6000):
        heart.beat(datetime(2020, 1, 1, tzinfo=UTC), steady)

    assert next_slot(buyers) == NOON + HOUR


def test_a_tick_alone_tells_that_the_clock_was_ahead(query):
    buyers = query("0 * * * *")
    dispatch(NOON + MINUTE)
    tick(TOMORROW + MINUTE)  # and the dispatcher dies before its next sign of life
    assert next_slot(buyers) == TOMORROW + HOUR

    recover()

    assert next_slot(buyers) == NOON + HOUR


def test_a_run_that_ends_after_the_clock_was_set_right_keeps_later_ones_from_nothing():
    now = timezone.now()

    assert latest(now + 9 * HOUR, None) is None
    assert latest(now + 9 * HOUR, now - HOUR, now - 2 * HOUR) == now - HOUR


def test_a_paused_schedule_goes_on_from_now_once_it_is_resumed(query, marketer):
    buyers = query("0 * * * *")
    ahead()
    pause(buyers.schedule, marketer, now=TOMORROW + 2 * MINUTE)
    recover()

    resume(Schedule.objects.get(), now=NOON + 6 * MINUTE)

    assert next_slot(buyers) == NOON + HOUR


def test_one_that_was_resumed_in_that_future_counts_failures_from_now(query, marketer):
    buyers = query("0 * * * *")
    pause(buyers.schedule, marketer, now=NOON)
    dispatch(TOMORROW)
    resume(buyers.schedule, now=TOMORROW)

    recover(NOON + MINUTE)

    assert Schedule.objects.get().resumed_at == NOON + MINUTE


def test_a_slot_that_waits_for_its_delay_stays_due(query):
    buyers = query("0 * * * *", delay=1800)
    dispatch(NOON + HOUR + MINUTE)
    assert next_slot(buyers) == NOON + HOUR
    Pulse.objects.update(at=TOMORROW)

    recover(NOON + HOUR + 2 * MINUTE)

    assert next_slot(buyers) == NOON + HOUR
    assert dispatch(NOON + HOUR + 30 * MINUTE) == 1


def test_what_runs_after_another_waits_for_its_delay_and_no_longer(query, monkeypatch):
    buyers = query("0 * * * *")
    follow_query(query(name="After"), buyers, delay=600, now=NOON)
    ahead()
    monkeypatch.setattr("django.utils.timezone.now", lambda: TOMORROW + 2 * MINUTE)
    assert run(Job.objects.get().pk)
    assert DueSlot.objects.get().starts_at == TOMORROW + 12 * MINUTE

    recover()

    assert DueSlot.objects.get().starts_at == NOON + 15 * MINUTE


def test_changes_alarms_and_messages_do_not_wait_for_that_future(query, marketer):
    Heart().beat(TOMORROW)
    Delivered.objects.create(query=query(), slot=TOMORROW)
    delayed = Delivered(query=query("@daily", name="Delayed", delay=7200), slot=TOMORROW)
    delayed.save()
    Alarm.objects.create(name="queue", title="x", began_at=TOMORROW, told_at=TOMORROW)
    Pulse.objects.create(name="backup", at=TOMORROW)
    Notice.objects.create(kind="failed", user=marketer, subject="x", body="x")
    Notice.objects.update(not_before=TOMORROW)

    recover(NOON)

    sure = NOON + 5 * MINUTE
    assert dict(Delivered.objects.values_list("query__name", "slot")) == {
        "Buyers": None,
        "Delayed": NOON - 2 * HOUR,  # whose slots since then are yet to be sent
    }
    assert Alarm.objects.values_list("began_at", "told_at").get() == (sure, sure)
    assert set(Pulse.objects.values_list("at", flat=True)) == {sure}
    assert Notice.objects.get().not_before == sure + HOUR


def test_clocks_that_differ_by_seconds_move_nothing(query, caplog):
    buyers = query("* * * * *")
    dispatch(NOON + MINUTE)

    dispatch(NOON + MINUTE - timedelta(seconds=50))

    assert next_slot(buyers) == NOON + 2 * MINUTE and "ahead" not in caplog.text


def test_a_schedule_that_cannot_be_read_keeps_the_others_from_nothing(query):
    broken, buyers = query("0 * * * *", name="Broken"), query("0 * * * *")
    ahead()
    Schedule.objects.filter(query=broken).update(timezone="Mars/Olympus")

    recover()

    assert next_slot(buyers) == NOON + HOUR and next_slot(broken) == TOMORROW + HOUR


def test_a_sign_of_life_of_the_future_tells_nothing():
    Heart().beat(TOMORROW)

    assert ticking(NOON).silent and not ticking(TOMORROW).silent


def test_a_backup_of_the_future_is_older_than_the_one_made_now(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    for moment in (NOON, TOMORROW, TOMORROW + HOUR, NOON + HOUR):
        backups.dated(folder, moment).touch()

    backups.drop_older(folder, 2, backups.dated(folder, NOON + HOUR))

    assert set(folder.iterdir()) == {backups.dated(folder, each) for each in (NOON, NOON + HOUR)}
