"""Who hears that an export waits for a person, or sent nothing for want of rows."""

from datetime import timedelta

import pytest

from console import jobs
from console.jobs.hopeless import IN_A_ROW
from console.models import Notice, Query, Schedule
from console.notifications import send_waiting
from tests.console.hourly import NOON, buyers, slots_of, to_a_table

ROWS, NO_ROWS = "SELECT 1 AS n", "SELECT 1 AS n WHERE 1 = 0"


@pytest.fixture
def query(marketer):
    return buyers(marketer, ROWS, empty_result="skip")


@pytest.fixture
def run(query):
    return slots_of(query)


def told(user):
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("kind", flat=True))


def test_the_owner_hears_once_a_day_that_there_was_nothing_to_send(run, query, marketer, mailbox):
    assert run(NO_ROWS).receipt["skipped"]
    run(ROWS)
    run(NO_ROWS)
    assert told(marketer) == ["skipped"]

    Notice.objects.update(created_at=NOON - timedelta(days=400))
    run(NO_ROWS)
    assert told(marketer) == ["skipped"] * 2

    send_waiting()
    [message] = mailbox  # What is so old is sent no more.
    text = message.get_payload(decode=True).decode()
    assert message["Subject"] == "No rows: Buyers"
    assert "The run of Buyers for Mon 02 Mar 2026 16:00 (UTC) went well." in text
    assert "Nothing was sent: the result has no rows" in text
    assert "This message comes once a day at most." in text


def test_who_asked_to_hear_of_success_hears_of_no_rows(run, query, colleague):
    query.notified.set([colleague])
    Query.objects.update(notify_success=True)

    run(NO_ROWS)

    assert told(colleague) == ["skipped"]


def test_an_export_that_is_to_send_without_rows_is_no_news(run, query, marketer):
    query.export = to_a_table()

    assert run(NO_ROWS).status == "success"
    assert told(marketer) == []


def test_the_owner_hears_that_a_run_is_held(run, query, marketer, mailbox):
    query.export = to_a_table(hold_unusual=True)

    job = run(NO_ROWS)

    assert job.held and told(marketer) == ["held"]
    send_waiting()
    [message] = mailbox
    text = message.get_payload(decode=True).decode()
    assert message["Subject"] == "Waits for you: Buyers"
    assert "is held. The result has no rows." in text
    assert "Release it or drop it on the page of the job." in text
    assert run(NO_ROWS).held and told(marketer) == ["held"]


def test_once_one_is_decided_about_the_next_that_is_held_is_news(run, query, marketer):
    query.export = to_a_table(hold_unusual=True)
    assert jobs.drop(run(NO_ROWS), marketer)

    assert run(NO_ROWS).held and told(marketer) == ["held", "held"]


def test_runs_that_fail_for_want_of_rows_leave_the_schedule_running(run, query, marketer):
    query.export = to_a_table(empty_result="fail")

    assert [run(NO_ROWS).status for _ in range(IN_A_ROW)] == ["error"] * IN_A_ROW

    assert Schedule.objects.get().paused_at is None
    assert told(marketer) == ["failed"]
    assert run(ROWS).status == "success"


def test_a_run_by_hand_that_is_held_is_seen_by_whoever_started_it(query, marketer):
    query.export = to_a_table(hold_unusual=True)
    query.sql = NO_ROWS
    query.save()

    job = jobs.submit_query(query)
    jobs.run(job.pk)
    job.refresh_from_db()

    assert job.held and told(marketer) == []
