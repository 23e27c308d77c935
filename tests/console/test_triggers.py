"""A query that runs after another one: its slots, once each, whoever ends and ticks what."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from console import jobs
from console.jobs.ending import succeed
from console.jobs.lease import Lease, claim
from console.jobs.querying import slot_of
from console.jobs.retrying import copy_of
from console.models import Database, DueSlot, Job, Notice, Query, Schedule
from console.queries.chain import standing
from console.queries.saving import delete
from console.schedules import (
    follow_query,
    pause,
    resume,
    schedule_query,
    tick,
    unschedule,
)
from console.schedules.backfill import past_slots, run_slots
from console.schedules.policies import MOST_WAITING
from console.watch import figures
from tests.together import at_once

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)  # so that the first starts nothing by itself
FAILING = "SELECT * FROM nowhere"


@pytest.fixture
def query(marketer):
    """Return a function that saves a query of Mia's."""
    database = Database.objects.create(name="shop", owner=marketer)

    def query(name, sql="SELECT 1 AS one", owner=marketer):
        return Query.objects.create(name=name, database=database, sql=sql, owner=owner)

    return query


@pytest.fixture
def first(query):
    """A query that runs daily at noon."""
    first = query("First")
    schedule_query(first, "0 12 * * *", "Europe/Berlin", now=FAR)
    return first


@pytest.fixture
def second(query, first):
    """A query that runs after the first."""
    second = query("Second")
    follow_query(second, first)
    return second


def run_slot(query, slot=NOON):
    """Run a query for a slot, to its end."""
    return ended(jobs.submit_query(query, schedule=query.schedule, slot=slot))


def succeed_slot(query, slot=NOON):
    """Let a job of a query for a slot succeed, as a worker does once its work is done."""
    job = claim(jobs.submit_query(query, schedule=query.schedule, slot=slot).pk)
    succeed(Lease(job), None)
    return Job.objects.get(pk=job.pk)


def ended(job):
    assert jobs.run(job.pk)
    job.refresh_from_db()
    return job


def runs(query):
    return list(Job.objects.filter(query=query).order_by("pk"))


def lines(job):
    return [line.text for line in job.lines.all()]


def test_a_success_starts_what_runs_after_it_for_the_same_slot(first, second):
    upstream = run_slot(first)

    assert tick() == 1
    [job] = runs(second)
    assert (job.slot, job.schedule, job.status) == (NOON, second.schedule, "queued")
    assert slot_of(job) == slot_of(upstream)
    assert job.timezone == "Europe/Berlin"
    assert lines(job) == [f"Runs after job {upstream.pk} of “First”, which succeeded."]
    assert tick() == 0


def test_both_agree_on_the_scheduled_time(first, second):
    Query.objects.update(sql="SELECT TD_SCHEDULED_TIME() AS at")
    first.refresh_from_db()
    upstream = run_slot(first)
    tick()
    [job] = runs(second)
    ended(job)

    found = [b"".join(jobs.csv_lines(each)).split() for each in (upstream, job)]
    assert found == [[b"at", b"%d" % NOON.timestamp()]] * 2


def test_it_has_no_time_of_its_own(second):
    assert (second.schedule.cron, second.schedule.next_slot) == ("", None)
    assert tick(FAR + timedelta(days=1)) == 1  # that of the first alone
    assert runs(second) == []


@pytest.mark.parametrize("sql", [FAILING, "not even SQL"])
def test_nothing_runs_after_a_failure_until_a_retry_by_hand_succeeds(first, second, marketer, sql):
    Query.objects.filter(pk=first.pk).update(sql=sql)
    first.refresh_from_db()
    failed = run_slot(first)
    assert failed.status == "error"
    assert tick() == 0

    Job.objects.filter(pk=failed.pk).update(sql="SELECT 1 AS one")
    failed.refresh_from_db()
    ended(jobs.retry(failed, marketer))

    assert tick() == 1
    assert [job.slot for job in runs(second)] == [NOON]


def test_rejects_that_are_sent_again_start_nothing(first, second, marketer):
    failed = run_slot(first)
    DueSlot.objects.all().delete()
    Job.objects.filter(pk=failed.pk).update(status="error")
    follow_query(second, first, by_hand=True)
    rejects = copy_of(failed, marketer)
    rejects.resend_of = failed
    rejects.save()
    succeed(Lease(claim(rejects.pk)), None)
    assert not DueSlot.objects.exists()
    assert past_slots(second, NOON, NOON) == []
    assert standing(second, marketer).job == failed

    ended(jobs.retry(failed, marketer))
    assert tick() == 1


def test_nothing_runs_after_a_job_that_was_killed_or_skipped(first, second, marketer):
    jobs.kill(jobs.submit_query(first, schedule=first.schedule, slot=NOON), marketer)
    Job.objects.create(
        query=first, owner=marketer, schedule=first.schedule, slot=NOON + timedelta(days=1),
        status="skipped", database="shop", sql="SELECT 1",
    )  # fmt: skip

    assert tick() == 0
    assert not DueSlot.objects.exists()


def test_a_second_success_for_one_slot_starts_nothing(first, second, marketer):
    upstream = succeed_slot(first)
    ended(jobs.retry(upstream, marketer))
    assert tick() == 1

    ended(jobs.retry(upstream, marketer))

    assert tick() == 0
    assert len(runs(second)) == 1


def test_a_slot_that_ran_before_the_schedule_was_made_anew_does_not_run_again(
    first, second, marketer
):
    upstream = succeed_slot(first)
    tick()
    unschedule(second)
    follow_query(second, first)

    ended(jobs.retry(upstream, marketer))

    assert tick() == 0


def test_a_run_by_hand_starts_nothing_unless_that_is_asked_for(first, second):
    ended(jobs.submit_query(first))
    assert tick() == 0

    follow_query(second, first, by_hand=True)
    upstream = ended(jobs.submit_query(first))

    assert tick() == 1
    [job] = runs(second)
    assert job.slot == upstream.created_at
    assert slot_of(job) == slot_of(upstream)


def test_a_run_by_hand_that_is_done_again_starts_what_follows_once(first, second, marketer):
    follow_query(second, first, by_hand=True)
    upstream = ended(jobs.submit_query(first))
    tick()

    ended(jobs.retry(upstream, marketer))

    assert tick() == 0


@pytest.mark.parametrize("look", [{"sql": "SELECT 2 AS two"}, {"sql": "SELECT 1 AS one"}])
def test_a_look_at_some_rows_is_no_run_by_hand(first, second, sftp, look):
    follow_query(second, first, by_hand=True)
    first.authentication, first.export = sftp, {"path_prefix": "/in.csv"}
    first.save()

    ended(jobs.submit(**look, database="shop", owner=first.owner, query=first))

    assert tick() == 0


def test_a_delay_moves_the_run_and_not_the_slot(first, second):
    follow_query(second, first, delay=3600)
    upstream = succeed_slot(first)
    first_moment = upstream.ended_at + timedelta(hours=1)

    assert tick(first_moment - timedelta(minutes=1)) == 0
    jobs.reap()  # shortens waits that are longer than they can be, and not this one
    assert tick(first_moment + timedelta(minutes=1)) == 1
    assert runs(second)[0].slot == NOON


def test_a_chain_hands_its_slot_on(first, second, query):
    third = query("Third")
    follow_query(third, second)
    succeed_slot(first)
    tick()
    ended(runs(second)[0])

    assert tick() == 1
    assert runs(third)[0].slot == NOON


def test_several_queries_run_after_one(first, second, query):
    other = query("Other")
    follow_query(other, first)

    succeed_slot(first)

    assert tick() == 2
    assert len(runs(second)) == len(runs(other)) == 1


def test_slots_that_are_run_afterwards_hand_on_the_same_slots(first, second, marketer):
    days = [NOON - timedelta(days=day) for day in (3, 2, 1)]
    chosen = [each.slot for each in past_slots(first, days[0] - timedelta(hours=6), NOON)[:3]]
    for job in run_slots(first, chosen, marketer):
        ended(job)

    tick()

    assert [job.slot for job in runs(second)] == chosen
    assert [job.slot.hour for job in runs(second)] == [11] * 3  # noon in Berlin
    found = past_slots(second, days[0] - timedelta(days=1), NOON)
    assert [each.job for each in found] == runs(second)


def test_runs_wait_for_each_other_as_those_at_a_time_do(first, second):
    succeed_slot(first, NOON)
    succeed_slot(first, NOON + timedelta(days=1))

    tick()

    one, two = runs(second)
    assert not jobs.run(two.pk)
    assert ended(one) and ended(two).status == "success"


def test_an_overlapping_run_is_skipped_where_the_schedule_says_so(first, second):
    follow_query(second, first, overlap="skip")
    succeed_slot(first, NOON)
    tick()
    succeed_slot(first, NOON + timedelta(days=1))

    assert tick() == 0
    one, two = runs(second)
    assert (two.status, two.slot) == ("skipped", NOON + timedelta(days=1))
    assert two.error == f"{one}, an earlier run, was not done when this slot came."


@pytest.mark.parametrize("overlap", ["queue", "skip"])
def test_slots_that_are_run_afterwards_skip_none_that_comes(first, second, marketer, overlap):
    follow_query(second, first, overlap=overlap)
    slots = [NOON - timedelta(days=day) for day in range(MOST_WAITING, 0, -1)]
    for job in run_slots(first, slots, marketer):
        succeed(Lease(claim(job.pk)), None)
    assert tick() == MOST_WAITING
    succeed_slot(first)

    assert tick() == 1

    last = runs(second)[-1]
    assert (last.slot, last.status) == (NOON, "queued")
    assert not jobs.run(last.pk)


@pytest.mark.parametrize(("missed", "started"), [("last", [4]), ("all", [3, 4]), ("skip", [])])
def test_what_no_tick_started_in_time_is_a_missed_slot(first, second, missed, started):
    follow_query(second, first, missed=missed, missed_most=2)
    for day in range(5):
        succeed_slot(first, NOON + timedelta(days=day))

    assert tick(timezone.now() + timedelta(minutes=11)) == len(started)

    found = [job.slot for job in runs(second) if job.status == "queued"]
    assert found == [NOON + timedelta(days=day) for day in started]
    assert not DueSlot.objects.exists()


@pytest.mark.parametrize("overlap", ["queue", "skip"])
def test_of_all_that_was_missed_none_is_skipped_for_another(first, second, overlap):
    follow_query(second, first, missed="all", missed_most=30, overlap=overlap)
    many = MOST_WAITING + 1
    for day in range(many):
        succeed_slot(first, NOON + timedelta(days=day))

    assert tick(timezone.now() + timedelta(minutes=11)) == many


def test_what_comes_in_time_runs_whatever_was_missed(first, second):
    for day in range(5):
        succeed_slot(first, NOON + timedelta(days=day))

    assert tick() == 5


def test_a_pause_starts_nothing_and_nothing_of_it_runs_later(first, second, marketer):
    pause(second.schedule, marketer)
    succeed_slot(first)
    assert tick() == 0

    resume(second.schedule)

    assert tick() == 0
    assert runs(second) == []
    succeed_slot(first, NOON + timedelta(days=1))
    assert tick() == 1


def test_what_was_due_before_a_pause_does_not_run_after_it(first, second, marketer):
    succeed_slot(first)
    pause(second.schedule, marketer)
    assert tick() == 0

    resume(second.schedule)

    assert tick() == 0


def test_a_pause_in_which_nothing_came_due_moves_nothing(first, second, marketer):
    follow_query(second, first, delay=3600)
    succeed_slot(first)
    pause(second.schedule, marketer)
    resume(second.schedule)

    assert tick(timezone.now() + timedelta(hours=1, minutes=1)) == 1


def test_runs_that_go_on_failing_pause_it(first, second):
    Query.objects.filter(pk=second.pk).update(sql="SELECT nothing FROM")
    for day in range(3):
        succeed_slot(first, NOON + timedelta(days=day))
        tick()
        ended(runs(second)[-1])

    second.schedule.refresh_from_db()
    assert second.schedule.paused_because.startswith("The last 3 runs failed")


def test_a_query_that_is_deleted_pauses_what_ran_after_it_and_its_owner_is_told(first, second):
    delete(first)

    second.refresh_from_db()
    why = "The query that it ran after, “First”, was deleted. Choose another one."
    assert second.schedule.paused_because == why
    notice = Notice.objects.get()
    assert (notice.kind, notice.user, notice.query) == ("paused", second.owner, second)
    assert why in notice.body and second.get_absolute_url() in notice.body


def test_a_schedule_without_an_upstream_is_not_resumed_and_another_one_mends_it(
    first, second, query
):
    delete(first)
    second.refresh_from_db()

    assert not resume(second.schedule)

    follow_query(second, query("Another"))
    second.schedule.refresh_from_db()
    assert second.schedule.paused_at is None


def test_whoever_may_not_see_the_upstream_any_more_is_paused_and_told(first, second, colleague):
    Query.objects.filter(pk=first.pk).update(owner=colleague)
    first.refresh_from_db()
    succeed_slot(first)

    assert tick() == 0

    second.schedule.refresh_from_db()
    assert "mia may not see the query that it runs after any more" in second.schedule.paused_because
    assert Notice.objects.get().user == second.owner
    assert runs(second) == []


def test_an_admin_may_run_a_query_after_that_of_another(first, query, keeper):
    report = query("Report", owner=keeper)
    follow_query(report, first)
    succeed_slot(first)
    assert tick() == 1

    keeper.groups.remove(Group.objects.get(name="admin"))
    succeed_slot(first, NOON + timedelta(days=1))

    assert tick() == 0
    assert Schedule.objects.get(query=report).paused_at


def test_a_new_time_ends_the_following_and_what_was_due(first, second):
    succeed_slot(first)

    schedule_query(second, "@daily")

    assert tick() == 0
    assert second.schedule.follows is None
    assert not DueSlot.objects.exists()


def test_another_upstream_does_not_start_what_the_former_one_made_due(first, second, query):
    succeed_slot(first)

    follow_query(second, query("Another"))

    assert tick() == 0


def test_a_change_of_nothing_keeps_what_is_due(first, second):
    succeed_slot(first)

    follow_query(second, first)

    assert tick() == 1


def test_the_time_zone_is_that_of_the_first_of_the_chain(first, second, query):
    third = query("Third")
    follow_query(third, second)

    schedule_query(first, "0 12 * * *", "Asia/Tokyo")

    zones = Schedule.objects.values_list("timezone", flat=True)
    assert set(zones) == {"Asia/Tokyo"}


def test_the_figures_know_what_is_late_after_a_run(first, second):
    succeed_slot(first)

    assert figures()["console_schedules_late"] == 0
    later = timezone.now() + timedelta(minutes=3)
    assert figures(later)["console_schedules_late"] == 1


@pytest.mark.django_db(transaction=True)
def test_many_successes_and_ticks_at_once_start_one_run(first, second, marketer):
    upstream = succeed_slot(first)
    Job.objects.filter(pk=upstream.pk).update(result_path="")
    upstream.refresh_from_db()
    DueSlot.objects.all().delete()
    again = [jobs.retry(upstream, marketer).pk for _ in range(4)]

    def work(index):
        return int(jobs.run(again[index])) and 0 if index < 4 else sum(tick() for _ in range(20))

    counts = at_once(8, work)

    assert sum(counts) + tick() == 1
    assert [job.slot for job in runs(second)] == [NOON]
    assert not DueSlot.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_ticks_at_once_start_each_run_once(first, query):
    several = [query(f"Query {number}") for number in range(12)]
    for each in several:
        follow_query(each, first)
    succeed_slot(first)

    assert sum(at_once(6, lambda _: tick())) + tick() == 12

    assert sorted(Job.objects.filter(query__in=several).values_list("name", flat=True)) == sorted(
        each.name for each in several
    )
