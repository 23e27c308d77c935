"""What a schedule does with slots that were missed, that overlap, and while it is paused."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from console import jobs
from console.backups.settling import pause_all
from console.models import Database, Job, Query, Schedule
from console.schedules import pause, resume, schedule_query, tick, unschedule
from console.schedules.policies import MOST_WAITING

HTMX = {"HX-Request": "true"}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def after(**duration):
    return NOON + timedelta(**duration)


@pytest.fixture
def scheduled(marketer):
    """Return a saved query that runs every ten minutes, as it was saved at noon."""
    database = Database.objects.create(name="shop", owner=marketer)

    def scheduled(cron="*/10 * * * *", timezone="UTC", delay=0, **policies):
        query = Query.objects.create(
            name="Buyers", database=database, sql="SELECT 1", owner=marketer
        )
        schedule_query(query, cron, timezone, delay, now=NOON, **policies)
        return query

    return scheduled


def slots(status=None):
    found = Job.objects.filter(status=status) if status else Job.objects.all()
    return list(found.order_by("pk").values_list("slot", flat=True))


def test_the_latest_missed_slot_is_run_however_old(scheduled):
    scheduled("0 0 1 * *")

    assert tick(after(days=80)) == 1

    assert slots("queued") == [datetime(2026, 5, 1, tzinfo=UTC)]


def test_missed_slots_are_skipped_where_the_schedule_says_so(scheduled):
    query = scheduled("0 * * * *", missed="skip")

    assert tick(after(hours=3, minutes=20)) == 0

    job = Job.objects.get()
    assert (job.status, job.slot) == ("skipped", after(hours=3))
    assert job.error == (
        "Nothing ran the 3 slots up to this one; the schedule skips what it missed."
    )
    query.schedule.refresh_from_db()
    assert query.schedule.next_slot == after(hours=4)


def test_a_slot_that_is_a_little_late_is_run_by_a_schedule_that_skips(scheduled):
    scheduled("0 * * * *", missed="skip")

    assert tick(after(hours=3, minutes=9)) == 1

    assert slots("queued") == [after(hours=3)]


def test_all_missed_slots_are_run_in_order(scheduled):
    scheduled(missed="all", missed_most=100)

    assert tick(after(minutes=35)) == 3

    assert slots("queued") == [after(minutes=10), after(minutes=20), after(minutes=30)]


def test_of_all_missed_slots_only_so_many_are_run_the_latest(scheduled):
    scheduled(missed="all", missed_most=2)

    assert tick(after(hours=2)) == 2

    assert slots("queued") == [after(hours=1, minutes=50), after(hours=2)]
    first, second = Job.objects.order_by("pk")
    assert [line.text for line in first.lines.all()] == [
        "This is the first of the latest slots; 10 before it were missed and are not run."
    ]
    assert not second.lines.exists()


def test_of_all_missed_slots_none_is_run_that_is_too_old(scheduled):
    scheduled("0 * * * *", missed="all", missed_hours=2)

    assert tick(after(hours=9, minutes=30)) == 2

    assert slots("queued") == [after(hours=8), after(hours=9)]


@pytest.mark.parametrize("overlap", ["queue", "skip"])
def test_of_all_missed_slots_none_is_skipped_for_another_of_them(scheduled, overlap):
    scheduled(missed="all", missed_most=100, overlap=overlap)

    assert tick(after(minutes=10 * (MOST_WAITING + 5))) == MOST_WAITING + 5

    last = Job.objects.latest("pk")
    assert (last.slot, last.status) == (after(minutes=10 * (MOST_WAITING + 5)), "queued")
    assert not jobs.run(last.pk)


def test_the_slots_after_many_that_were_missed_run_too(scheduled):
    scheduled(missed="all", missed_most=30)
    tick(after(minutes=300))

    for number in range(31, 31 + MOST_WAITING):
        assert tick(after(minutes=10 * number)) == 1

    assert tick(after(minutes=10 * (31 + MOST_WAITING))) == 0
    assert Job.objects.latest("pk").error == "50 earlier runs were not done when this slot came."


def test_runs_of_a_schedule_are_made_one_after_the_other(scheduled):
    scheduled()
    tick(after(minutes=10))
    tick(after(minutes=20))
    first, second = Job.objects.order_by("pk")

    assert not jobs.run(second.pk)
    assert jobs.waiting([first, second]) == {
        second.pk: f"Waits: job {first.pk} of the same schedule is not done."
    }
    assert jobs.take_turn(0)
    first.refresh_from_db()
    assert first.status == "success"
    assert jobs.waiting([second]) == {}
    assert jobs.run(second.pk)


def test_a_run_that_waits_for_a_person_does_not_hold_up_the_next(scheduled):
    scheduled()
    tick(after(minutes=10))
    Job.objects.update(held_because="The result has no rows.")
    tick(after(minutes=20))

    assert jobs.run(Job.objects.latest("pk").pk)


def test_a_run_that_will_be_tried_again_comes_before_the_next(scheduled):
    scheduled()
    tick(after(minutes=10))
    Job.objects.update(not_before=datetime(2100, 1, 1, tzinfo=UTC))
    tick(after(minutes=20))

    assert not jobs.take_turn(0)


def test_a_run_by_hand_does_not_wait_for_those_of_the_schedule(scheduled):
    query = scheduled()
    tick(after(minutes=10))

    assert jobs.run(jobs.submit_query(query).pk)


def test_a_slot_is_skipped_while_a_run_goes_on_where_the_schedule_says_so(scheduled):
    scheduled(overlap="skip")
    tick(after(minutes=10))

    assert tick(after(minutes=20)) == 0

    first, second = Job.objects.order_by("pk")
    assert (second.status, second.slot) == ("skipped", after(minutes=20))
    assert second.error == f"{first}, an earlier run, was not done when this slot came."
    assert jobs.run(first.pk)
    assert tick(after(minutes=30)) == 1


def test_runs_go_side_by_side_where_the_schedule_says_so(scheduled):
    scheduled(overlap="allow")
    tick(after(minutes=10))
    tick(after(minutes=20))

    assert jobs.run(Job.objects.latest("pk").pk)


def test_a_schedule_that_is_too_fast_for_its_query_does_not_pile_up_runs(scheduled):
    scheduled()
    for number in range(1, MOST_WAITING + 1):
        assert tick(after(minutes=10 * number)) == 1

    assert tick(after(minutes=10 * (MOST_WAITING + 1))) == 0

    assert slots("skipped") == [after(minutes=10 * (MOST_WAITING + 1))]


def test_a_skipped_slot_is_not_run_again_and_can_be_run_by_hand(scheduled, marketer):
    query = scheduled("0 * * * *", missed="skip")
    tick(after(hours=3, minutes=20))
    Schedule.objects.update(next_slot=after(hours=3))

    assert tick(after(hours=3, minutes=5)) == 0
    again = jobs.retry(Job.objects.get(), by=marketer)

    assert (again.status, again.slot, again.query) == ("queued", after(hours=3), query)
    assert jobs.run(again.pk)


def test_nothing_starts_during_a_pause_and_its_slots_are_not_run_later(scheduled, marketer):
    query = scheduled(missed="all")

    assert pause(query.schedule, marketer)
    assert not pause(query.schedule, marketer)
    assert tick(after(minutes=35)) == 0
    assert resume(query.schedule, now=after(minutes=35))
    assert not resume(query.schedule)

    assert tick(after(minutes=39)) == 0
    assert tick(after(minutes=40)) == 1
    assert slots() == [after(minutes=40)]


def test_a_run_that_waits_is_not_run_once_its_schedule_is_paused(scheduled, marketer):
    query = scheduled()
    tick(after(minutes=10))
    job = Job.objects.get()

    pause(query.schedule, marketer)
    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.status, job.slot) == ("skipped", after(minutes=10))
    assert job.error == "mia paused the schedule before this ran."
    assert job.lines.get().text == job.error
    resume(query.schedule, now=after(minutes=15))
    tick(after(minutes=20))
    assert slots("queued") == [after(minutes=20)]


def test_a_run_that_waits_is_not_run_once_its_schedule_is_gone(scheduled):
    query = scheduled()
    tick(after(minutes=10))

    unschedule(query)

    job = Job.objects.get()
    assert (job.status, job.error) == ("skipped", "The schedule was taken away before this ran.")


@pytest.mark.parametrize("begun", [{"attempt": 1}, {"sent_bytes": 5}])
def test_a_pause_leaves_a_run_that_waits_for_its_next_attempt(scheduled, marketer, begun):
    query = scheduled()
    tick(after(minutes=10))
    Job.objects.update(**begun)

    pause(query.schedule, marketer)
    unschedule(query)

    assert Job.objects.get().status == "queued"


def test_a_pause_leaves_what_is_held_to_the_person_who_decides(scheduled, marketer):
    query = scheduled()
    tick(after(minutes=10))
    Job.objects.update(held_because="Far fewer rows than usual.")

    pause(query.schedule, marketer)

    assert Job.objects.get().status == "queued"


def test_a_short_pause_moves_no_slot(scheduled, marketer):
    query = scheduled()
    tick(after(minutes=10))
    pause(query.schedule, marketer)
    resume(query.schedule, now=after(minutes=19))

    assert tick(after(minutes=20)) == 1


FOUR_HOURS = 4 * 3600


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_pause_that_is_over_before_a_delayed_start_moves_nothing(scheduled, marketer, by_itself):
    query = scheduled("0 12 * * *", delay=FOUR_HOURS)
    if by_itself:
        Schedule.objects.update(paused_at=after(hours=25), paused_because="Its last runs failed.")
        schedule_query(query, "0 12 * * *", delay=FOUR_HOURS, now=after(hours=25, minutes=5))
    else:
        pause(query.schedule, marketer, now=after(hours=25))
        resume(query.schedule, now=after(hours=25, minutes=5))

    assert tick(after(hours=27, minutes=59)) == 0
    assert tick(after(hours=28)) == 1
    assert slots() == [after(hours=24)]


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_delayed_start_that_came_during_a_pause_is_not_run_later(scheduled, marketer, by_itself):
    query = scheduled("0 12,13 * * *", delay=FOUR_HOURS)
    end = after(hours=28, minutes=30)
    if by_itself:
        Schedule.objects.update(paused_at=after(hours=25), paused_because="Its last runs failed.")
        schedule_query(query, "0 12,13 * * *", delay=FOUR_HOURS, now=end)
    else:
        tick(after(hours=5))
        pause(query.schedule, marketer, now=after(hours=25))
        resume(query.schedule, now=end)

    assert tick(end) == 0
    assert tick(after(hours=29)) == 1
    assert slots()[-1] == after(hours=25)


@pytest.mark.parametrize("missed", ["last", "skip"])
@pytest.mark.parametrize("overlap", ["queue", "skip"])
def test_slots_that_waited_for_their_delay_start_once_that_is_shorter(scheduled, missed, overlap):
    policies = {"missed": missed, "overlap": overlap}
    query = scheduled("0 * * * *", delay=FOUR_HOURS, **policies)
    assert tick(after(hours=4, minutes=30)) == 0

    schedule_query(query, "0 * * * *", delay=3600, now=after(hours=4, minutes=30), **policies)

    assert tick(after(hours=4, minutes=30)) == 3
    assert slots("queued") == [after(hours=1), after(hours=2), after(hours=3)]
    said = Job.objects.latest("pk").lines.get().text
    assert said == "Starts now, as the delay of the schedule was made shorter."
    Job.objects.update(status="success")
    assert tick(after(hours=4, minutes=59)) == 0
    assert tick(after(hours=5)) == 1
    assert slots()[-1] == after(hours=4)


def test_of_many_slots_that_waited_for_their_delay_the_latest_start(scheduled):
    query = scheduled(delay=FOUR_HOURS)

    schedule_query(query, "*/10 * * * *", now=after(hours=4))

    assert tick(after(hours=4)) == MOST_WAITING
    assert slots()[-1] == after(hours=4)


def test_a_shorter_delay_starts_nothing_during_a_pause_nor_after_it(scheduled, marketer):
    query = scheduled("0 * * * *", delay=FOUR_HOURS)
    schedule_query(query, "0 * * * *", delay=3600, now=after(hours=2))
    pause(query.schedule, marketer, now=after(hours=2))
    schedule_query(query, "0 * * * *", now=after(hours=3))
    assert tick(after(hours=3)) == 0

    resume(query.schedule, now=after(hours=3))

    assert tick(after(hours=3)) == 0
    assert tick(after(hours=4)) == 1
    assert slots() == [after(hours=4)]


def test_saving_a_schedule_that_a_restore_paused_does_not_resume_it(scheduled):
    query = scheduled()
    pause_all(NOON, "2026-03-02 11:00 UTC")

    schedule_query(query, "*/10 * * * *", "UTC", 0, now=after(minutes=5))

    assert tick(after(minutes=50)) == 0
    assert Schedule.objects.get().paused_because.startswith("The console was restored")
    assert resume(query.schedule, now=after(minutes=55))
    assert tick(after(hours=1)) == 1


def test_saving_a_paused_schedule_does_not_resume_it(scheduled, marketer):
    query = scheduled()
    pause(query.schedule, marketer)

    schedule_query(query, "*/10 * * * *", "UTC", 60, now=after(minutes=5), overlap="skip")

    schedule = Schedule.objects.get()
    assert (schedule.delay, schedule.overlap) == (60, "skip")
    assert schedule.paused_because == "mia paused it."
    assert tick(after(minutes=50)) == 0


def test_a_schedule_is_paused_and_resumed_in_its_dialog(client, scheduled, marketer):
    query = scheduled()
    client.force_login(marketer)
    address = reverse("pause-schedule", args=[query.pk])

    page = client.post(address, follow=True).content.decode()
    assert "The schedule is paused." in page
    dialog = client.get(reverse("query-schedule", args=[query.pk]), headers={"HX-Request": "true"})
    assert "mia paused it." in dialog.content.decode()
    assert "Resume" in dialog.content.decode()

    assert (
        "goes on with its next slot"
        in client.post(address, {"resume": "yes"}, follow=True).content.decode()
    )
    assert not Schedule.objects.exclude(paused_at=None).exists()


def test_a_schedule_that_paused_itself_is_tested_before_it_goes_on(client, scheduled, marketer):
    query = scheduled()
    Query.objects.update(sql="SELECT nope")
    Schedule.objects.update(paused_at=NOON, paused_because="The last 3 runs failed.")
    client.force_login(marketer)
    address, asked = reverse("pause-schedule", args=[query.pk]), {"resume": "yes", "test": "yes"}
    dialog = client.get(reverse("query-schedule", args=[query.pk]), headers=HTMX)
    assert "Test and resume" in dialog.content.decode()

    answer = client.post(address, asked, headers=HTMX)
    assert answer.status_code == 422
    assert "It is paused still: it would fail again." in answer.content.decode()
    assert "nope" in answer.content.decode()
    assert Schedule.objects.exclude(paused_at=None).exists()

    Query.objects.update(sql="SELECT 1")
    assert client.post(address, asked, headers=HTMX).status_code == 200
    assert not Schedule.objects.exclude(paused_at=None).exists()


def test_only_who_sees_a_query_pauses_its_schedule(client, scheduled, colleague):
    query = scheduled()
    client.force_login(colleague)

    assert client.post(reverse("pause-schedule", args=[query.pk])).status_code == 404
    assert not Schedule.objects.exclude(paused_at=None).exists()


def test_the_dialog_keeps_what_it_says_of_missed_and_overlapping_slots(client, scheduled, marketer):
    query = scheduled()
    client.force_login(marketer)
    form = {"when": "@daily", "timezone": "UTC", "hours": 0, "minutes": 0, "seconds": 0}
    form |= {"overlap": "skip", "missed": "all", "missed_most": 3, "missed_hours": 12}

    client.post(reverse("query-schedule", args=[query.pk]), form)

    schedule = Schedule.objects.get()
    kept = schedule.overlap, schedule.missed, schedule.missed_most, schedule.missed_hours
    assert kept == ("skip", "all", 3, 12)
