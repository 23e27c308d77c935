"""Slots of the past are seen, run, and cancelled."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.urls import reverse
from django.utils import timezone

from console import jobs
from console.jobs.lease import claim
from console.models import Job
from console.schedules import pause, schedule_query, tick
from console.schedules.backfill import MOST, past_slots, run_slots
from console.schedules.policies import MOST_WAITING
from tests.together import at_once

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def hour(number):
    return NOON + timedelta(hours=number)


@pytest.fixture
def hourly(people):
    """A query that has run each hour since noon, but for three hours of a standstill."""
    schedule_query(people, "0 * * * *", now=NOON)
    tick(hour(1))
    tick(hour(5))
    people.schedule.refresh_from_db()
    return people


def numbers(found):
    return [round((each.slot - NOON).total_seconds() / 3600) for each in found]


def test_slots_that_are_over_are_listed_with_their_jobs(hourly):
    found = past_slots(hourly, hour(0), hour(9))

    assert numbers(found) == [0, 1, 2, 3, 4, 5]
    assert numbers(each for each in found if each.is_open) == [0, 2, 3, 4]
    assert numbers(past_slots(hourly, hour(2), hour(3))) == [2, 3]


def test_what_nothing_ran_is_run_once_with_the_time_of_its_slot(hourly, marketer):
    made = run_slots(hourly, [hour(2), hour(3), hour(4)], marketer)

    assert [(job.slot, job.schedule, job.in_turn) for job in made] == [
        (hour(number), hourly.schedule, True) for number in (2, 3, 4)
    ]
    assert made[0].lines.get().text == "Run for its slot afterwards, by mia."
    assert not any(each.is_open for each in past_slots(hourly, hour(2), hour(4)))
    while jobs.take_turn(0):
        pass
    assert not Job.objects.exclude(status="success").exists()


def test_a_slot_that_ran_can_be_run_again(hourly, marketer):
    [ran] = past_slots(hourly, hour(1), hour(1))
    jobs.run(ran.job.pk)

    [again] = run_slots(hourly, [hour(1)], marketer)

    assert (again.retry_of, again.slot) == (ran.job, hour(1))


def test_slots_run_again_in_their_order_whichever_ran_first(hourly, marketer):
    run_slots(hourly, [hour(3)], marketer)
    run_slots(hourly, [hour(2)], marketer)
    Job.objects.update(status="success")

    again = run_slots(hourly, [hour(2), hour(3)], marketer)

    assert [job.slot for job in again] == [hour(2), hour(3)]


@pytest.mark.parametrize("overlap", ["queue", "skip"])
def test_the_slot_that_comes_meanwhile_waits_behind_them_and_is_not_skipped(
    hourly, marketer, overlap
):
    Job.objects.update(status="success")
    schedule_query(hourly, "0 * * * *", now=hour(5), overlap=overlap)
    run_slots(hourly, [hour(-number) for number in range(MOST_WAITING, 0, -1)], marketer)

    assert tick(hour(6)) == 1

    live = Job.objects.latest("pk")
    assert (live.slot, live.status) == (hour(6), "queued")
    assert not jobs.run(live.pk)
    Job.objects.exclude(pk=live.pk).update(status="success")
    assert jobs.run(live.pk)


@pytest.mark.parametrize("overlap", ["queue", "skip", "allow"])
def test_chosen_slots_run_one_after_the_other_whatever_became_of_them(hourly, marketer, overlap):
    schedule_query(hourly, "0 * * * *", now=hour(5), overlap=overlap)
    Job.objects.filter(slot=hour(1)).update(status="skipped")
    Job.objects.filter(slot=hour(5)).update(status="success")

    made = run_slots(hourly, [hour(number) for number in range(1, 6)], marketer)

    assert [job.slot for job in sorted(made, key=lambda job: job.pk)] == [
        hour(number) for number in range(1, 6)
    ]
    for job, following in pairwise(made):
        assert not claim(made[-1].pk) and claim(job.pk)
        assert f"job {job.pk} " in jobs.waiting([following])[following.pk]
        Job.objects.filter(pk=job.pk).update(status="success")
    assert claim(made[-1].pk)


def test_a_chosen_slot_that_ran_waits_for_the_live_run_and_the_next_waits_for_it(hourly, marketer):
    Job.objects.filter(slot=hour(1)).update(status="skipped")
    live = Job.objects.get(slot=hour(5))
    [again] = run_slots(hourly, [hour(1)], marketer)
    tick(hour(6))
    following = Job.objects.latest("pk")

    assert not jobs.run(again.pk) and jobs.run(live.pk)
    assert not jobs.run(following.pk) and jobs.run(again.pk)
    assert jobs.run(following.pk)


def test_slots_that_are_chosen_twice_are_run_once(ask):
    chosen = [hour(2).isoformat(), hour(3).isoformat()]
    ask(slot=chosen)
    before = Job.objects.count()

    answer = ask(slot=chosen)

    assert "0 slots will run, one after the other. 2 are under way already." in answer
    assert Job.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_slots_that_are_chosen_twice_at_once_are_run_once(hourly, marketer):
    at_once(3, lambda _: run_slots(hourly, [hour(2)], marketer))

    assert Job.objects.filter(slot=hour(2)).count() == 1


def test_a_skipped_slot_is_open_until_it_is_run_after_all(hourly, marketer):
    Job.objects.filter(slot=hour(1)).update(status="skipped")
    [skipped] = past_slots(hourly, hour(1), hour(1))
    assert skipped.is_open

    run_slots(hourly, [skipped.slot], marketer)

    assert not past_slots(hourly, hour(1), hour(1))[0].is_open


def test_slots_to_come_are_not_among_them(hourly):
    assert numbers(past_slots(hourly, hour(5), hour(1000))) == [5]


def test_only_so_many_are_listed(people):
    schedule_query(people, "* * * * *", now=NOON)

    assert len(past_slots(people, NOON - timedelta(days=9), NOON)) == MOST


@pytest.fixture
def ask(client, hourly, marketer):
    """A function that asks for the page of some slots, or posts to it."""
    client.force_login(marketer)
    address = reverse("backfill", args=[hourly.pk])
    span = {"first": "2026-03-02T13:00", "last": "2026-03-02T16:00"}

    def answer(**post):
        if post:
            return client.post(address, span | post, follow=True).content.decode()
        return client.get(address, span).content.decode()

    return answer


def test_the_page_shows_slots_runs_and_cancels(ask):
    assert "4 slots; 3 that nothing ran" in ask()

    ran = ask(slot=[hour(2).isoformat(), hour(3).isoformat()])
    assert "2 slots will run, one after the other." in ran
    assert "4 slots; 1 that nothing ran" in ran

    assert "3 jobs that waited will not run." in ask(cancel="yes")
    assert set(Job.objects.filter(slot__lte=hour(4)).values_list("status", flat=True)) == {"killed"}


def test_one_slot_is_no_slots(client, hourly, marketer):
    client.force_login(marketer)
    span = {"first": "2026-03-02T13:00", "last": "2026-03-02T13:00"}

    page = client.get(reverse("backfill", args=[hourly.pk]), span).content.decode()

    assert "<caption>1 slot; " in page


def test_a_range_that_runs_backwards_is_named(client, hourly, marketer):
    client.force_login(marketer)
    span = {"first": "2026-03-03T00:00", "last": "2026-03-02T00:00"}

    answer = client.get(reverse("backfill", args=[hourly.pk]), span)

    assert answer.status_code == 422
    assert "It is before the first." in answer.content.decode()


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ({"first": "0001-01-01T00:00", "last": "2026-03-02T00:00"}, "This is too long ago."),
        ({"first": "2026-03-02T00:00", "last": "9999-12-31T23:59"}, "This is too far ahead."),
    ],
)
def test_a_time_that_no_schedule_has_is_named(client, hourly, marketer, span, said):
    client.force_login(marketer)

    answer = client.get(reverse("backfill", args=[hourly.pk]), span)

    assert answer.status_code == 422 and said in answer.content.decode()


def test_slots_of_others_are_not_seen(client, hourly, colleague):
    client.force_login(colleague)

    assert client.get(reverse("backfill", args=[hourly.pk])).status_code == 404


def test_a_pause_hides_no_slot_that_is_over(hourly, marketer):
    pause(hourly.schedule, marketer, now=hour(5))
    hourly.schedule.refresh_from_db()

    assert numbers(past_slots(hourly, hour(5), hour(8))) == [5, 6, 7, 8]


def test_slots_that_are_not_over_are_not_listed(hourly):
    now = timezone.now()
    hourly.schedule.next_slot = now + timedelta(days=1)
    hourly.schedule.delay = 7200

    found = past_slots(hourly, now - timedelta(hours=6), now + timedelta(hours=6))

    assert found and all(each.slot <= now - timedelta(hours=2) for each in found)
