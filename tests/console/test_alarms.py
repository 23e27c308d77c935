"""Administrators hear when something stops, once, daily while it lasts, and when it is over."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from console import jobs
from console.models import Alarm, DueSlot, Job, Notice, Pulse, Query, Schedule
from console.notifications import send_waiting, send_webhooks
from console.queries.saving import save
from console.schedules import follow_query, schedule_query
from console.watch import alarms, guard, look, look_at_backup
from console.watch.guard import Guard
from integrations.signatures import new_secret
from tests.servers import free_port

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    """Messages are made at noon."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def workers(monkeypatch):
    """A switch: whether workers are there."""
    there = {"alive": True}
    monkeypatch.setattr(alarms, "cluster_alive", lambda: there["alive"])
    return there


@pytest.fixture
def beat(keeper, workers, settings):
    """A function that gives a sign of life of the dispatcher. Ada is there to be told."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]

    def beat(at=NOON):
        Pulse.objects.update_or_create(name="dispatcher", defaults={"at": at})

    beat()
    return beat


def subjects():
    return list(Notice.objects.order_by("pk").values_list("subject", flat=True))


def test_a_silent_dispatcher_is_told_once_daily_and_when_it_is_well(beat, marketer, mailbox):
    watch = Guard(NOON)
    for minutes in range(0, 20, 1):
        watch.look(NOON + minutes * MINUTE)
    assert subjects() == ["Alarm: schedules do not start"]
    assert [message["To"] for message in mailbox] == ["ada@example.com"]

    watch.look(NOON + timedelta(hours=25))
    assert len(mailbox) == 2
    beat(NOON + timedelta(hours=26))
    watch.look(NOON + timedelta(hours=26))
    watch.look(NOON + timedelta(hours=26, minutes=1))

    assert subjects()[2:] == ["Over: schedules do not start"]
    assert not Alarm.objects.exists()


def test_the_message_says_since_when_and_what_to_do(beat, mailbox):
    Guard(NOON).look(NOON + 6 * MINUTE)
    Guard(NOON).look(NOON + 7 * MINUTE)

    text = Notice.objects.get().body
    assert "gave its last sign of life at Mon 02 Mar 12:00:00 UTC: no schedule starts." in text
    assert "python3 manage.py cluster" in text
    assert "comes once a day" in text


def test_after_a_start_of_the_machine_its_processes_are_given_time(beat):
    watch = Guard(NOON + timedelta(hours=9))

    watch.look(NOON + timedelta(hours=9, minutes=4))
    assert subjects() == []
    watch.look(NOON + timedelta(hours=9, minutes=6))

    assert subjects() == ["Alarm: schedules do not start"]


def test_a_watch_that_is_started_again_neither_repeats_nor_ends_an_alarm(beat):
    Guard(NOON).look(NOON + 6 * MINUTE)

    Guard(NOON + 7 * MINUTE).look(NOON + 8 * MINUTE)

    assert subjects() == ["Alarm: schedules do not start"]


def test_a_dead_cluster_is_told_with_both_of_its_parts(beat, workers):
    watch = Guard(NOON)
    workers["alive"] = False
    watch.look(NOON + 6 * MINUTE)
    watch.look(NOON + 12 * MINUTE)

    assert subjects() == ["Alarm: schedules do not start", "Alarm: no workers run"]


def test_the_dispatcher_tells_of_workers_that_are_gone(beat, workers):
    workers["alive"] = False
    look(NOON)
    look(NOON + 4 * MINUTE)
    assert subjects() == []
    look(NOON + 5 * MINUTE)
    look(NOON + 6 * MINUTE)
    workers["alive"] = True
    look(NOON + 7 * MINUTE)

    assert subjects() == ["Alarm: no workers run", "Over: no workers run"]


def test_what_passes_soon_is_no_news(beat, workers):
    workers["alive"] = False
    look(NOON)
    workers["alive"] = True
    look(NOON + 4 * MINUTE)

    assert (subjects(), Alarm.objects.count()) == ([], 0)


def test_slots_that_did_not_start_are_told_by_name_in_one_message(beat, people, marketer):
    schedule_query(people, "0 * * * *", now=NOON - MINUTE)
    look(NOON + 4 * MINUTE)
    assert subjects() == []

    look(NOON + 6 * MINUTE)
    look(NOON + 8 * MINUTE)

    notice = Notice.objects.get()
    assert notice.subject == "Alarm: People did not start"
    assert "People should have started at Mon 02 Mar 12:00 UTC and did not:" in notice.body
    Schedule.objects.update(next_slot=NOON + timedelta(hours=1))
    look(NOON + 9 * MINUTE)
    assert subjects()[1:] == ["Over: People did not start"]


def test_a_run_after_another_that_did_not_start_is_told_too(beat, people, shop, marketer):
    sql = "SELECT 1 AS n"
    query = save(Query(name="Orders", database=shop, sql=sql, owner=marketer), by=marketer)
    follow_query(query, people)
    DueSlot.objects.create(schedule=query.schedule, slot=NOON, starts_at=NOON)

    look(NOON + 20 * MINUTE)

    [notice] = Notice.objects.all()
    assert notice.subject == "Alarm: Orders did not start"
    assert "Orders should have started at Mon 02 Mar 12:00 UTC and did not" in notice.body


def test_further_slots_are_told_of_after_an_hour(beat, people, marketer, shop):
    other = Query.objects.create(name="Other", database=shop, sql="SELECT 1", owner=marketer)
    schedule_query(people, "0 * * * *", now=NOON - MINUTE)
    schedule_query(other, "10 * * * *", now=NOON - MINUTE)

    for minutes in (6, 16, 30, 70):
        look(NOON + minutes * MINUTE)

    assert subjects() == ["Alarm: People did not start", "Alarm: Other did not start"]


def job_at(query, minutes=0, **fields):
    job = jobs.submit_query(query)
    given = {"created_at": NOON + minutes * MINUTE} | fields
    Job.objects.filter(pk=job.pk).update(**given)
    return job


def looked(*minutes):
    for each in minutes:
        look(NOON + each * MINUTE)
    return subjects()


@pytest.fixture
def two_workers(beat, monkeypatch):
    monkeypatch.setattr(alarms, "workers_alive", lambda: 2)


def test_a_queue_that_stands_still_though_workers_report_is_told_until_it_moves(
    two_workers, people
):
    job = job_at(people)
    assert looked(0, 4) == []
    assert looked(5, 6) == ["Alarm: jobs do not start"]
    text = Notice.objects.get().body
    assert "Since Mon 02 Mar 12:00:00 UTC no job starts, though 1 could" in text
    assert job.get_absolute_url() in text

    Job.objects.update(status=Job.Status.RUNNING, started_at=NOON + 7 * MINUTE)

    assert looked(7)[1:] == ["Over: jobs do not start"]


RUNS = {"status": "running", "started_at": NOON - 60 * MINUTE}
ENDED = RUNS | {"status": "success", "ended_at": NOON + 3 * MINUTE}
MOVING = {
    "all workers are busy": [RUNS, RUNS],
    "a worker has just become free": [RUNS, ENDED],
    "a job was taken a while ago": [RUNS | {"started_at": NOON + 3 * MINUTE}],
}


@pytest.mark.parametrize("others", MOVING.values(), ids=MOVING)
def test_a_queue_moves_where(two_workers, people, others):
    for fields in others:
        job_at(people, -60, **fields)
    job_at(people)

    assert looked(6, 7) == []


@pytest.mark.parametrize(
    "fields",
    [{"held_because": "No rows."}, {"not_before": NOON + 60 * MINUTE}, {"status": "skipped"}],
)
def test_jobs_that_are_to_wait_are_no_alarm(two_workers, people, fields):
    job_at(people, **fields)

    assert looked(10, 20) == []


def test_a_worker_that_is_free_and_takes_nothing_is_told_beside_one_that_works(two_workers, people):
    job_at(people, -60, **RUNS)
    job_at(people)

    assert looked(6, 12) == ["Alarm: jobs do not start"]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_watch_one_tells(beat):
    watches = [Guard(NOON) for _ in range(4)]

    def watch(each):
        each.look(NOON + 6 * MINUTE)
        connection.close()

    threads = [threading.Thread(target=watch, args=[each]) for each in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert subjects() == ["Alarm: schedules do not start"]


def test_a_crash_after_the_alarm_was_raised_loses_no_message(beat, mailbox, settings):
    settings.EMAIL_HOST, host = "", settings.EMAIL_HOST
    Guard(NOON).look(NOON + 6 * MINUTE)  # and its process dies before it has sent anything
    assert len(mailbox) == 0
    settings.EMAIL_HOST = host

    Guard(NOON).look(NOON + 7 * MINUTE)

    assert len(mailbox) == 1


def test_while_the_dispatcher_is_silent_the_watch_sends_what_waits(beat, marketer, mailbox):
    for number in range(60):
        Notice.objects.create(kind="failed", user=marketer, subject=f"Failed {number}", body="")

    Guard(NOON).look(NOON + 6 * MINUTE)

    taken = [message["Subject"] for message in mailbox]
    assert len(taken) == 50
    assert "Alarm: schedules do not start" in taken


def test_only_those_who_look_after_the_console_are_told(beat, marketer, colleague):
    colleague.is_superuser = True
    colleague.save()
    Guard(NOON).look(NOON + 6 * MINUTE)

    told = Notice.objects.values_list("user__username", flat=True)
    assert sorted(told) == ["ada", "otto"]


def test_the_webhook_of_the_installation_is_told_too(beat, settings, endpoint):
    settings.WEBHOOK_URL = endpoint.url("/hush-hush-3")
    Guard(NOON).look(NOON + 6 * MINUTE)
    settings.WEBHOOK_SECRET = new_secret()
    beat(NOON + 8 * MINUTE)
    look(NOON + 8 * MINUTE)
    send_webhooks(NOON + 8 * MINUTE)

    slack, signed = endpoint.requests
    assert json.loads(slack.body)["text"].startswith("*Alarm: schedules do not start*")
    assert json.loads(signed.body)["type"] == "console.over"
    assert signed.headers["webhook-signature"].startswith("v1,")


def test_a_database_that_is_gone_is_told_once_by_each_process(
    beat, mailbox, settings, endpoint, monkeypatch
):
    settings.WEBHOOK_URL = endpoint.url()
    watch = Guard(NOON)
    watch.look(NOON)

    def gone(*_):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(guard, "administrators", gone)
    for minutes in range(1, 20):
        watch.look(NOON + minutes * MINUTE)
    assert [message["Subject"] for message in mailbox] == ["Alarm: the database is gone"]
    assert len(endpoint.requests) == 1
    monkeypatch.undo()
    monkeypatch.setattr(guard, "look_from_outside", lambda *_: True)
    watch.look(NOON + 20 * MINUTE)
    watch.look(NOON + 21 * MINUTE)

    told = sorted(message["Subject"] for message in mailbox)
    assert told == ["Alarm: the database is gone", "Over: the database is back"]
    assert len(endpoint.requests) == 2


def test_each_way_is_gone_until_it_works(beat, mailbox, settings, endpoint, monkeypatch, caplog):
    settings.WEBHOOK_URL = endpoint.url()
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    watch = Guard(NOON)
    watch.look(NOON)

    def gone(*_):
        raise OperationalError("gone")

    monkeypatch.setattr(guard, "administrators", gone)
    for minutes in range(1, 10):
        watch.look(NOON + minutes * MINUTE)
    assert (len(mailbox), len(endpoint.requests)) == (0, 1)
    assert "could not be sent by mail" in caplog.text
    settings.EMAIL_PORT = port

    watch.look(NOON + 10 * MINUTE)

    assert (len(mailbox), len(endpoint.requests)) == (1, 1)


def test_alarms_are_sent_by_the_dispatcher_that_is_back(beat, mailbox):
    Guard(NOON).look(NOON + 6 * MINUTE)
    beat(NOON + 8 * MINUTE)
    look(NOON + 8 * MINUTE)

    assert len(mailbox) == 1
    assert send_waiting(NOON + 9 * MINUTE) == 1
    assert len(mailbox) == 2


def test_a_backup_that_is_not_whole_is_told_at_once_until_one_is(client, keeper):
    client.force_login(keeper)
    look_at_backup("A file is not there.", NOON)
    assert "A file is not there." in client.get("/").content.decode()

    look_at_backup("A file is not there.", NOON + timedelta(hours=24))
    look_at_backup("", NOON + timedelta(hours=48))

    title = "the last backup is not whole"
    assert subjects() == [f"Alarm: {title}", f"Alarm: {title}", f"Over: {title}"]
    assert "A file is not there." not in client.get("/").content.decode()


def test_little_room_on_the_disk_is_told_before_there_is_none(beat, client, keeper, settings):
    client.force_login(keeper)
    settings.DISK_FREE_MB = 1 << 40  # more than any disk has
    for minutes in range(7):
        look(NOON + minutes * MINUTE)
    assert "little room left" in client.get("/").content.decode()

    settings.DISK_FREE_MB = 0
    look(NOON + 8 * MINUTE)

    title = "there is little room on the disk"
    assert subjects() == [f"Alarm: {title}", f"Over: {title}"]
    assert f"The disk of {settings.HOME} has " in Notice.objects.last().body
    assert "little room left" not in client.get("/").content.decode()
