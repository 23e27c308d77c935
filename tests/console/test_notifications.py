"""Who hears of what by mail, and that it arrives: once, though the mail server was away."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from console import jobs
from console.jobs.hopeless import IN_A_ROW
from console.models import Database, Job, Notice, Query, Schedule
from console.notifications import send_test, send_waiting, stuck
from console.notifications.outbox import KEPT_TRYING, LEASE
from console.schedules import resume, schedule_query, tick
from tests.console.hourly import NOON, slots_of

GOOD, BAD = "SELECT 1 AS a", "SELECT nope"


@pytest.fixture
def query(marketer):
    database = Database.objects.create(name="shop", owner=marketer)
    query = Query.objects.create(name="Buyers", database=database, sql=GOOD, owner=marketer)
    schedule_query(query, "0 * * * *", "Europe/Berlin", now=NOON)
    return query


@pytest.fixture
def run(query):
    return slots_of(query)


def told(user=None):
    found = Notice.objects.filter(user=user) if user else Notice.objects.all()
    return list(found.order_by("pk").values_list("kind", flat=True))


def subjects(mailbox):
    return sorted(message["Subject"] for message in mailbox)  # files of a folder have no order


def test_the_owner_hears_when_a_run_fails_and_when_it_works_again(run, marketer, mailbox):
    run(GOOD)
    run(BAD)
    run(BAD)
    run(GOOD)

    assert told(marketer) == ["failed", "recovered"]
    assert send_waiting() == 2
    assert subjects(mailbox) == ["Failed: Buyers", "Works again: Buyers"]


def test_a_message_says_what_happened_and_what_to_do_with_a_link(run, mailbox, settings):
    settings.PUBLIC_URL = "https://console.example.com"
    job = run(BAD)

    send_waiting()

    [message] = mailbox
    assert message["To"] == "mia@example.com"
    notice = Notice.objects.get()
    name = f"notice-{notice.pk}-{notice.created_at:%Y%m%d%H%M%S}"
    assert message["Message-ID"] == f"<{name}@console.example.com>"
    text = message.get_payload(decode=True).decode()
    assert "The run of Buyers for Mon 02 Mar 2026 14:00 (Europe/Berlin) failed." in text
    assert f"What happened: {job.error}" in text
    assert f"https://console.example.com/workbench/jobs/{job.pk}/" in text


def test_what_goes_on_failing_is_told_once_a_day(run, marketer):
    run(BAD)
    Notice.objects.update(created_at=timezone.now() - timedelta(hours=25))

    run(BAD)

    assert told(marketer) == ["failed", "still failing"]


def test_others_hear_of_what_was_asked_for(run, query, marketer, colleague, keeper):
    query.notified.set([colleague, keeper])
    run(GOOD)
    assert told() == []

    Query.objects.update(notify_success=True)
    run(GOOD)
    assert told(colleague) == told(keeper) == ["succeeded"]

    run(BAD)
    assert told(colleague) == ["succeeded"]
    assert told(marketer) == ["failed"]

    Query.objects.update(notify_failure=True)
    run(GOOD)
    run(BAD)
    assert told(colleague) == ["succeeded", "recovered", "failed"]


def test_trouble_with_messages_does_not_keep_a_job_from_ending(run, monkeypatch, caplog):
    def broken(job):
        Notice.objects.create(kind="failed", user=job.owner, subject="half", body="")
        raise ValueError("no words")

    monkeypatch.setattr("console.jobs.ending.tell_end", broken)

    job = run(GOOD)

    assert (job.status, told()) == ("success", [])
    assert "no words" in caplog.text


def test_a_run_by_hand_is_no_news(run, query):
    Query.objects.update(sql=BAD)
    query.refresh_from_db()

    jobs.run(jobs.submit_query(query).pk)

    assert told() == []


def test_the_removed_get_nothing(run, query, marketer, colleague, mailbox):
    query.notified.set([colleague])
    Query.objects.update(notify_failure=True)
    run(BAD)
    colleague.is_active = False
    colleague.save()

    send_waiting()

    assert [message["To"] for message in mailbox] == ["mia@example.com"]
    assert "removed" in Notice.objects.get(user=colleague).error


@pytest.mark.parametrize("gone", [{"is_active": False}, {"email": ""}])
def test_administrators_hear_in_the_place_of_an_owner_whom_no_mail_reaches(
    run, query, keeper, client, gone
):
    User.objects.filter(pk=query.owner_id).update(**gone)

    for _ in range(IN_A_ROW):
        run(BAD)

    assert told(keeper) == told() == ["failed", "paused"]
    assert "administrators hear of failures instead." in Notice.objects.first().body
    client.force_login(keeper)
    address = reverse("query-schedule", args=[query.pk])
    panel = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "No mail reaches mia, the owner: administrators hear in any case" in panel


def test_administrators_hear_nothing_where_the_owner_does(run, keeper):
    run(BAD)

    assert told(keeper) == []


def test_the_first_page_tells_administrators_that_mail_reaches_nobody(client, keeper, settings):
    client.force_login(keeper)
    settings.EMAIL_HOST = ""
    assert "Mail is not set up on this server" in client.get("/").content.decode()

    settings.EMAIL_HOST = "mail.example.com"
    assert "nobody hears by mail" not in client.get("/").content.decode()

    User.objects.update(email="")
    assert "No administrator has an e-mail address" in client.get("/").content.decode()


def test_mail_waits_for_a_server_that_is_away_and_goes_once(run, marketer, settings, mailbox):
    run(BAD)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    now = timezone.now()

    assert send_waiting(now) == 0

    notice = Notice.objects.get()
    assert "127.0.0.1, port 1, takes no connection. Check CONSOLE_MAIL_HOST" in notice.error
    settings.EMAIL_PORT = port
    assert send_waiting(now) == 0
    assert send_waiting(now + timedelta(minutes=1)) == 1
    assert send_waiting(now + timedelta(hours=1)) == 0
    assert subjects(mailbox) == ["Failed: Buyers"]


def test_a_message_that_a_dead_process_had_taken_is_sent_after_a_while(run, mailbox):
    run(BAD)
    now = timezone.now()
    Notice.objects.update(not_before=now + LEASE, attempts=1)

    assert send_waiting(now) == 0
    assert send_waiting(now + LEASE) == 1


def test_a_refusal_for_good_is_not_tried_again_and_stops_no_other(mailbox, marketer, colleague):
    colleague.email = "gone@example.com"
    colleague.save()
    refused, taken = send_test(colleague), send_test(marketer)
    now = timezone.now()

    send_waiting(now)
    send_waiting(now)

    refused.refresh_from_db()
    taken.refresh_from_db()
    assert "No such user here" in refused.error
    assert refused.given_up_at
    assert taken.sent_at


def test_an_old_message_is_given_up(mailbox, marketer):
    send_test(marketer)
    Notice.objects.update(created_at=timezone.now() - KEPT_TRYING - timedelta(hours=1))

    assert send_waiting() == 0

    assert Notice.objects.get().given_up_at
    assert len(mailbox) == 0


def test_without_a_mail_server_nothing_is_tried(run, settings):
    settings.EMAIL_HOST = ""
    run(BAD)

    assert send_waiting() == 0
    assert Notice.objects.get().attempts == 0


def test_mail_that_is_stuck_is_told_on_the_first_page(client, keeper, marketer, settings):
    settings.EMAIL_HOST = "mail.example.com"
    send_test(marketer)
    Notice.objects.update(created_at=timezone.now() - timedelta(hours=1), error="no route")
    assert stuck()

    client.force_login(keeper)
    assert "Mail does not go out" in client.get("/").content.decode()
    client.force_login(marketer)
    assert "Mail does not go out" not in client.get("/").content.decode()


def test_a_schedule_that_needs_a_change_is_paused_after_three_failures(run, query, marketer):
    for _ in range(IN_A_ROW - 1):
        run(BAD)
    assert Schedule.objects.get().paused_at is None

    job = run(BAD)

    schedule = Schedule.objects.get()
    assert schedule.paused_because == (
        "The last 3 runs failed, and would again until something is changed. " + job.error
    )
    assert told(marketer) == ["failed", "paused"]
    assert "The schedule was paused." in job.lines.last().text
    assert tick(NOON + timedelta(days=2)) == 0


def test_a_success_in_between_keeps_a_schedule_running(run):
    for sql in (BAD, BAD, GOOD, BAD, BAD):
        run(sql)

    assert Schedule.objects.get().paused_at is None


def test_what_may_pass_by_itself_never_pauses_a_schedule(run, query):
    for _ in range(12):
        run(BAD)
        Job.objects.update(failure=Job.Failure.PASSING)

    assert Schedule.objects.get().paused_at is None


def test_ten_failures_among_fifty_runs_pause_a_schedule(run, query, marketer):
    for _ in range(9):
        run(BAD)
        Job.objects.filter(failure="lasting").update(failure=Job.Failure.FAULT)
        run(GOOD)

    run(BAD)

    assert Schedule.objects.get().paused_because.startswith("10 of the last 19 runs failed.")


def test_a_schedule_that_was_resumed_gets_new_chances(run, query):
    for _ in range(IN_A_ROW):
        run(BAD)
    resume(Schedule.objects.get(), now=timezone.now())
    Schedule.objects.update(next_slot=NOON + timedelta(hours=4))

    run(BAD)

    assert Schedule.objects.get().paused_at is None


def test_who_hears_is_chosen_in_the_dialog(client, query, marketer, colleague):
    client.force_login(marketer)
    form = {"when": "@daily", "timezone": "UTC", "hours": 0, "minutes": 0, "seconds": 0}
    form |= {"notify_failure": "on", "notified": [colleague.pk]}

    client.post(reverse("query-schedule", args=[query.pk]), form)

    query.refresh_from_db()
    assert (query.notify_failure, query.notify_success) == (True, False)
    assert list(query.notified.all()) == [colleague]


def test_more_than_twenty_people_are_refused(client, query, marketer, django_user_model):
    client.force_login(marketer)
    people = [
        django_user_model.objects.create(username=f"u{number}", email=f"u{number}@example.com")
        for number in range(21)
    ]
    form = {"when": "@daily", "timezone": "UTC", "hours": 0, "minutes": 0, "seconds": 0}

    answer = client.post(
        reverse("query-schedule", args=[query.pk]),
        form | {"notified": [user.pk for user in people]},
    )

    assert answer.status_code == 422
    assert "21 people are chosen, and 20 is the most." in answer.content.decode()
