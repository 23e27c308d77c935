"""Due slots become jobs: each once, on time, whoever ticks and however often."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from console.jobs import retry, run
from console.jobs.querying import slot_of
from console.models import Database, Job, Query, Schedule
from console.schedules import CronError, schedule_query, tick, unschedule
from tests.together import at_once

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def after(**duration):
    return NOON + timedelta(**duration)


@pytest.fixture
def database(marketer):
    return Database.objects.create(name="shop", owner=marketer)


@pytest.fixture
def scheduled(database, marketer):
    """Return a saved query on a schedule, as it was saved at noon."""

    def scheduled(cron="*/10 * * * *", timezone="UTC", delay=0, name="Buyers"):
        query = Query.objects.create(name=name, database=database, sql="SELECT 1", owner=marketer)
        schedule_query(query, cron, timezone, delay, now=NOON)
        return query

    return scheduled


def test_a_schedule_starts_with_its_first_slot_from_now(scheduled):
    query = scheduled("0 9 * * *", "Asia/Tokyo")

    assert query.schedule.next_slot == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


def test_nothing_is_started_before_its_slot_and_once_at_it(scheduled):
    query = scheduled()

    assert tick(after(minutes=9, seconds=59)) == 0
    assert tick(after(minutes=10)) == 1
    assert tick(after(minutes=10)) == 0

    job = Job.objects.get()
    assert (job.query, job.schedule, job.slot) == (query, query.schedule, after(minutes=10))


def test_the_next_slot_comes_from_the_slot_and_not_from_the_time_of_the_tick(scheduled):
    query = scheduled()

    tick(after(minutes=10, seconds=47))

    query.schedule.refresh_from_db()
    assert query.schedule.next_slot == after(minutes=20)


def test_a_delay_moves_the_run_and_not_the_slot(scheduled):
    scheduled(delay=600)

    assert tick(after(minutes=19, seconds=59)) == 0
    assert tick(after(minutes=20)) == 1

    assert Job.objects.get().slot == after(minutes=10)


def test_after_a_pause_only_the_latest_slot_runs_and_the_log_says_so(scheduled):
    query = scheduled()

    assert tick(after(hours=3, minutes=5)) == 1

    job = Job.objects.get()
    assert job.slot == after(hours=3)
    assert [line.text for line in job.lines.all()] == [
        "This is the latest slot; 17 before it were missed and are not run."
    ]
    query.schedule.refresh_from_db()
    assert query.schedule.next_slot == after(hours=3, minutes=10)


def test_a_slot_that_has_its_job_is_passed(scheduled):
    query = scheduled()
    tick(after(minutes=10))
    Schedule.objects.update(next_slot=after(minutes=10))

    assert tick(after(minutes=11)) == 0

    query.schedule.refresh_from_db()
    assert query.schedule.next_slot == after(minutes=20)
    assert Job.objects.count() == 1


def test_saving_what_is_there_moves_nothing(scheduled):
    query = scheduled()

    schedule_query(query, "*/10 * * * *", "UTC", 0, now=after(minutes=15))

    assert query.schedule.next_slot == after(minutes=10)


def test_a_new_delay_keeps_the_slot_and_a_new_time_starts_from_now(scheduled):
    query = scheduled()

    schedule_query(query, "*/10 * * * *", "UTC", 60, now=after(minutes=15))
    assert query.schedule.next_slot == after(minutes=10)

    schedule_query(query, "30 * * * *", "UTC", 60, now=after(minutes=15))
    assert query.schedule.next_slot == after(minutes=30)


@pytest.mark.parametrize("how", [unschedule, lambda query: schedule_query(query, "")])
def test_a_query_is_taken_off_its_schedule_and_its_jobs_stay(scheduled, how):
    query = scheduled()
    tick(after(minutes=10))

    how(query)

    query.refresh_from_db()
    assert query.schedule is None
    assert not Schedule.objects.exists()
    assert Job.objects.get().slot == after(minutes=10)
    assert tick(after(minutes=20)) == 0


def test_a_job_keeps_the_zone_of_the_schedule_it_was_made_by(scheduled, marketer):
    query = scheduled(timezone="Asia/Tokyo")
    tick(after(minutes=10))
    schedule_query(query, "*/10 * * * *", "Europe/Berlin", now=NOON)
    unschedule(query)

    again = retry(Job.objects.get(), marketer)

    assert [job.timezone for job in Job.objects.all()] == ["Asia/Tokyo"] * 2
    assert slot_of(again).isoformat() == "2026-03-02T21:10:00+09:00"


def test_a_window_that_was_open_meanwhile_does_not_turn_the_clock_back(scheduled):
    query = scheduled()
    stale = Query.objects.select_related("schedule").get()
    tick(after(minutes=10))

    schedule_query(stale, "*/10 * * * *", "UTC", 60, now=after(minutes=11))

    assert Schedule.objects.get().next_slot == after(minutes=20)

    unschedule(query)
    schedule_query(stale, "*/10 * * * *", "UTC", 0, now=after(minutes=11))

    query.refresh_from_db()
    assert query.schedule == Schedule.objects.get()


def test_a_paused_schedule_that_is_saved_anew_starts_from_now(scheduled):
    query = scheduled()
    Schedule.objects.update(paused_at=NOON, paused_because="The schedule cannot be read.")

    schedule_query(query, "*/10 * * * *", "UTC", 0, now=after(minutes=35))

    assert tick(after(minutes=36)) == 0
    assert tick(after(minutes=40)) == 1
    assert Schedule.objects.get().paused_because == ""


def test_a_zone_that_does_not_exist_is_refused(scheduled):
    with pytest.raises(CronError, match="Time zone: 'Mars/Phobos' is not known"):
        scheduled("@daily", "Mars/Phobos")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"cron": "61 * * * *"}, "Minute: 61 is outside 0 to 59."),
        (
            {"timezone": "Mars/Phobos"},
            "Time zone: 'Mars/Phobos' is not known; use a name such as Europe/Berlin.",
        ),
    ],
)
def test_one_broken_schedule_is_paused_and_the_others_go_on(scheduled, fault, why):
    broken = scheduled(name="Broken").schedule
    scheduled(name="Sound")
    Schedule.objects.filter(pk=broken.pk).update(**fault)

    assert tick(after(minutes=10)) == 1

    broken.refresh_from_db()
    assert broken.paused_because == f"The schedule cannot be read. {why}"
    assert Job.objects.get().name == "Sound"


def test_a_paused_schedule_does_not_run(scheduled):
    scheduled()
    Schedule.objects.update(paused_at=NOON)

    assert tick(after(minutes=10)) == 0


def test_on_the_night_the_clocks_go_back_a_daily_export_runs_once(database, marketer):
    query = Query.objects.create(name="Night", database=database, sql="SELECT 1", owner=marketer)
    evening = datetime(2026, 10, 24, 20, tzinfo=UTC)
    schedule_query(query, "30 2 * * *", "Europe/Berlin", now=evening)

    for minutes in range(0, 20 * 60, 10):
        tick(evening + timedelta(minutes=minutes))

    assert [job.slot for job in Job.objects.all()] == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


def test_a_clock_that_jumps_to_and_fro_starts_each_slot_once(scheduled):
    query = scheduled("0 * * * *")

    started = [tick(after(hours=hours)) for hours in (0, 1, 0, 1, -1, 1, 2, 1, 2)]

    assert started == [0, 1, 0, 0, 0, 0, 1, 0, 0]
    assert [job.slot for job in query.jobs.order_by("pk")] == [after(hours=1), after(hours=2)]


def test_what_is_changed_after_its_slot_came_runs_as_it_was_then(scheduled):
    query = scheduled()
    tick(after(minutes=10))

    query.sql = "SELECT 2"
    query.save()
    schedule_query(query, "0 9 * * *", now=after(minutes=11))

    assert run(Job.objects.get().pk)
    job = Job.objects.get()
    assert (job.status, job.sql, job.slot) == ("success", "SELECT 1", after(minutes=10))


@pytest.mark.django_db(transaction=True)
def test_many_ticks_at_once_start_each_slot_once(scheduled):
    names = [f"Query {number}" for number in range(30)]
    for name in names:
        scheduled(name=name)
    # A tick may find all of a slot in the hands of others and go on to the next.
    Schedule.objects.update(missed=Schedule.Missed.ALL)

    counts = at_once(6, lambda _: sum(tick(after(minutes=minute)) for minute in (10, 20, 30)))

    slots = [(job.name, job.slot) for job in Job.objects.all()]
    assert sorted(slots) == sorted(
        (name, after(minutes=minute)) for name in names for minute in (10, 20, 30)
    )
    assert sum(counts) == 90


def test_the_command_makes_one_pass(scheduled, capsys):
    scheduled()  # Its slot of 2026-03-02 is long past.

    call_command("tick")

    assert capsys.readouterr().out == "1 started, 0 sent again.\n"
