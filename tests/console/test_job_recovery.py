"""Jobs whose worker died, whose message was lost, whose time is over."""

import os
import sqlite3
import threading
import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from console import jobs
from console.backups.settling import settle
from console.jobs import querying, reaper
from console.jobs.lease import Lease, claim
from console.models import Database, Job, Pulse, Query
from integrations.connectors import CONNECTORS
from integrations.models import Authentication, inline_authentication


@pytest.fixture
def job(marketer):
    Database.objects.create(name="shop", owner=marketer)
    job = jobs.submit("SELECT 1 AS a", database="shop", owner=marketer)
    OrmQ.objects.all().delete()
    return job


def lose(job):
    """Claim the job for a worker that dies."""
    claim(job.pk)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_job_whose_worker_lives_is_left_alone(job):
    claim(job.pk)

    assert jobs.reap() == 0


def test_a_job_whose_worker_died_is_run_again(job):
    lose(job)

    assert jobs.reap() == 1
    assert OrmQ.objects.count() == 1
    assert jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.status, job.attempt) == ("success", 2)
    assert "The worker that ran this job died" in job.lines.all()[0].text


def test_a_job_that_kills_its_workers_is_given_up(job):
    lose(job)
    jobs.reap()
    lose(job)

    jobs.reap()

    job.refresh_from_db()
    assert job.status == "error"
    assert job.error == "The worker that ran this job died, and so did the one before."
    assert job.remedy


def test_a_job_that_cannot_be_given_back_keeps_no_other_from_it(job, marketer, monkeypatch, caplog):
    other = jobs.submit("SELECT 2", database="shop", owner=marketer)
    unheard = jobs.submit("SELECT 3", database="shop", owner=marketer)
    OrmQ.objects.all().delete()
    lose(job)
    lose(other)
    used_up = reaper.used_up

    def broken(lost):
        if lost.pk == job.pk:
            raise RuntimeError("of this job alone")
        return used_up(lost)

    monkeypatch.setattr(reaper, "used_up", broken)

    assert jobs.reap() == 2

    other.refresh_from_db()
    assert other.status == Job.Status.QUEUED and OrmQ.objects.count() == 2
    assert f"Job {job.pk}, whose worker died, could not be given back." in caplog.text
    assert jobs.take_turn(other.pk) and jobs.take_turn(unheard.pk)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t SELECT 1",
        "-- new\n/* rows */ create table t AS SELECT 1 AS n",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        ";INSERT INTO t SELECT 1",
        "-- new\rDROP TABLE t",
    ],
)
def test_a_query_that_changes_a_table_is_not_run_twice_unasked(job, sql):
    Job.objects.update(sql=sql)
    lose(job)

    jobs.reap()

    job.refresh_from_db()
    assert job.status == "error"
    assert job.error.startswith("The worker died while the query was changing a table")


def test_what_builds_tables_is_run_again_whatever_its_words_are(job):
    sql = "-- a\nSELECT 1 AS n WHERE 'x' = 'create';\n-- b\nSELECT 2 AS n"
    Job.objects.update(sql=sql, builds={"built": {"a": "SELECT 1 AS n"}})
    lose(job)

    jobs.reap()

    job.refresh_from_db()
    assert job.status == "queued"


def test_a_job_that_was_to_be_killed_is_not_run_again(job, marketer):
    lose(job)
    jobs.kill(job, marketer)

    jobs.reap()

    job.refresh_from_db()
    assert job.status == "killed"


def test_a_late_worker_cannot_end_a_job_that_is_another_s(job):
    first = claim(job.pk)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    jobs.reap()
    second = claim(job.pk)

    assert not Lease(first).own().exists()
    assert Lease(second).own().exists()


def test_a_lease_is_held_as_long_as_the_database_says_so(job):
    lease = Lease(claim(job.pk))
    Job.objects.update(lease_until=timezone.now())

    assert lease.held()
    assert Job.objects.get().lease_until > timezone.now() + timedelta(seconds=30)

    Job.objects.update(worker="another")

    assert not lease.held()
    assert lease.stopped()


def test_a_job_whose_message_was_lost_is_sent_again_and_only_now_and_then(job):
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=1))

    assert jobs.reap() == 1
    assert jobs.reap() == 0

    assert OrmQ.objects.count() == 1


def test_a_job_that_waits_for_its_next_attempt_is_sent_when_it_is_due(job):
    Job.objects.update(not_before=timezone.now() + timedelta(minutes=1))
    assert jobs.reap() == 0

    assert jobs.reap(timezone.now() + timedelta(minutes=2)) == 1


def test_results_past_their_time_are_deleted_and_the_job_stays(job, settings):
    jobs.run(job.pk)
    Job.objects.update(ended_at=timezone.now() - settings.RESULT_RETENTION - timedelta(days=1))

    gone = jobs.prune()

    assert (gone["results"], gone["lines"]) == (1, 3)
    job.refresh_from_db()
    assert job.status == "success"
    assert not job.lines.exists()
    assert not list(settings.RESULTS_DIR.iterdir())
    with pytest.raises(jobs.NoResult):
        jobs.rows_of(job)


def test_fresh_results_and_fresh_uploads_are_kept(job, settings, capsys):
    jobs.run(job.pk)
    upload = settings.UPLOADS_DIR / "people.csv"
    upload.write_text("a")

    call_command("prune")

    gone = "0 results, 0 lines of logs, 0 unused credentials, 0 sessions and 0 leftovers deleted."
    assert capsys.readouterr().out == f"{gone}\n"
    job.refresh_from_db()
    assert jobs.rows_of(job).count == 1


def test_what_crashes_left_is_deleted_after_a_day(job, settings):
    old = time.time() - 2 * 24 * 3600
    for folder in (settings.UPLOADS_DIR, settings.SPILL_DIR, settings.RESULTS_DIR):
        path = folder / "left-over"
        path.write_text("a")
        os.utime(path, (old, old))

    assert jobs.prune()["leftovers"] == 3


def age(path):
    old = time.time() - 2 * 24 * 3600
    os.utime(path, (old, old))


def test_what_died_beside_a_result_or_an_upload_is_deleted_and_they_stay(job, settings):
    jobs.run(job.pk)
    job.refresh_from_db()
    result = jobs.rows_of(job).path
    spilled = result.with_name(".rows-0.parquet.part")
    spilled.mkdir()
    uploads = [settings.UPLOADS_DIR / "7" / name for name in ("old", "new")]
    for upload in uploads:
        upload.mkdir(parents=True)
        (upload / "people.csv").write_text("a")
    for path in (result, spilled, uploads[0]):
        age(path)

    assert jobs.prune()["leftovers"] == 2

    assert result.exists() and not spilled.exists()
    assert [upload.exists() for upload in uploads] == [False, True]


def test_sessions_that_ended_are_deleted_with_what_was_entered(db):
    for name, hours in (("ended", -1), ("going", 1)):
        ends = timezone.now() + timedelta(hours=hours)
        Session.objects.create(session_key=name, session_data="", expire_date=ends)

    assert jobs.prune()["sessions"] == 1

    assert Session.objects.get().session_key == "going"


@pytest.fixture
def inline(marketer, settings):
    """Return a function that makes credentials of a --result that nobody has used for long."""
    old = timezone.now() - settings.RESULT_RETENTION - timedelta(days=1)

    def make(user):
        server = {"host": "sftp.example.com", "username": user}
        made = inline_authentication(marketer, CONNECTORS["sftp_v2"], server)
        Authentication.objects.update(updated_at=old)
        return made

    return make


def test_credentials_of_a_result_that_nothing_uses_are_deleted(job, inline):
    inline("nobody")
    Authentication.objects.create(name="Named", type="sftp_v2", owner=job.owner)
    Authentication.objects.update(updated_at=timezone.now() - timedelta(days=999))

    assert jobs.prune()["authentications"] == 1

    assert Authentication.objects.get().name == "Named"


def test_credentials_that_a_query_or_a_fresh_job_uses_are_kept(job, inline, marketer):
    database = Database.objects.get()
    queried, waiting, ended, old = map(inline, ("queried", "waiting", "ended", "old"))
    Query.objects.create(name="q", database=database, owner=marketer, authentication=queried)
    given = {"sql": "SELECT 1", "database": "shop", "owner": marketer}
    Job.objects.create(authentication=waiting, **given)
    Job.objects.create(authentication=ended, ended_at=timezone.now(), **given)
    long_ago = timezone.now() - timedelta(days=999)
    Job.objects.create(authentication=old, ended_at=long_ago, **given)

    assert jobs.prune()["authentications"] == 1

    assert set(Authentication.objects.all()) == {queried, waiting, ended}


def test_credentials_that_are_asked_for_again_are_fresh(job, inline, marketer):
    old = inline("mia")
    server = {"host": "sftp.example.com", "username": "mia"}

    assert inline_authentication(marketer, CONNECTORS["sftp_v2"], server) == old
    assert jobs.prune()["authentications"] == 0


def test_a_retry_keeps_its_result_when_that_of_the_first_job_is_deleted(job, marketer, settings):
    jobs.run(job.pk)
    Job.objects.update(export={}, status="error")
    job.refresh_from_db()
    again = jobs.retry(job, marketer)
    Job.objects.filter(pk=job.pk).update(ended_at=timezone.now() - timedelta(days=999))

    jobs.prune()

    again.refresh_from_db()
    assert jobs.rows_of(again).count == 1
    assert again.rows == 1


def hang_up():
    """Let the server end this thread's connection, as it does when it is restarted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()


@pytest.fixture
def away(monkeypatch):
    """The database cannot be written to for a second, from the end of the query on."""
    made = querying.execute

    def execute(job, lease):
        outcome = made(job, lease)
        if connection.vendor == "postgresql":
            hang_up()
            return outcome
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 0")
        other = sqlite3.connect(connection.settings_dict["NAME"], check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(1, other.close).start()
        return outcome

    monkeypatch.setattr(querying, "execute", execute)
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_an_outage_of_the_database_is_waited_for_not_a_fault(job, away):
    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.status, job.error) == ("queued", "")
    assert job.not_before > timezone.now()
    lines = [line.text for line in job.lines.all()]
    assert "The console's own database could not be used in the middle of the job." in lines
    assert lines[-1].startswith("The job is tried again in ")


@pytest.mark.django_db(transaction=True)
def test_an_outage_each_time_is_an_error_with_its_details(job, away):
    Job.objects.update(attempt=1)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.status == "error"
    assert job.error == "The console's own database could not be used in the middle of the job."
    assert "django.db.utils.OperationalError: " in job.traceback


@pytest.mark.django_db(transaction=True)
def test_an_outage_while_a_table_is_changed_is_not_tried_again(job, away):
    Job.objects.update(sql="CREATE TABLE ttt AS SELECT 1 AS a")

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.status == "error"
    assert "It was changing a table then, so it is not run again by itself." in job.error
    assert job.remedy == "Look whether the table has the change; if not, retry the job."


def test_a_clock_that_was_set_back_delays_a_dead_worker_s_job_by_a_lease_at_most(job):
    claim(job.pk)
    Job.objects.update(lease_until=timezone.now() + timedelta(hours=1))

    assert jobs.reap() == 0
    assert jobs.reap(timezone.now() + timedelta(seconds=46)) == 1


def test_after_a_clock_was_set_forward_a_dead_worker_s_job_waits_for_one_lease_more(job):
    Pulse.objects.create(name="dispatcher", at=timezone.now())
    lose(job)
    clock = jobs.Clock()
    clock.look()
    now, steady = clock.seen

    clock.seen = now - timedelta(hours=1), steady
    clock.look()
    assert jobs.reap() == 0
    clock.look()
    assert jobs.reap(timezone.now() + timedelta(seconds=46)) == 1


@pytest.mark.parametrize("hours", [1, -1])
def test_a_lease_is_measured_by_the_database_whatever_other_clocks_say(job, monkeypatch, hours):
    usual = timezone.now
    with monkeypatch.context() as wrong:
        wrong.setattr(timezone, "now", lambda: usual() + timedelta(hours=hours))
        Lease(claim(job.pk)).renew(time.monotonic())
        job.refresh_from_db()
        assert abs(job.lease_until - usual() - timedelta(seconds=45)) < timedelta(seconds=20)

        wrong.setattr(timezone, "now", lambda: usual() - timedelta(hours=hours))
        assert jobs.reap() == 0


def test_a_clock_that_was_set_back_does_not_stretch_the_wait_for_an_attempt(job):
    Job.objects.update(not_before=timezone.now() + timedelta(hours=1))

    assert jobs.reap() == 0
    assert jobs.reap(timezone.now() + timedelta(minutes=19)) == 1


@pytest.mark.parametrize("had_jobs", [True, False])
def test_no_job_after_a_restore_has_a_number_that_one_may_have_had_since(marketer, had_jobs):
    Database.objects.create(name="shop", owner=marketer)

    def submit():
        return jobs.submit("SELECT 1 AS a", database="shop", owner=marketer)

    last = submit().pk if had_jobs else 0
    now = timezone.now()

    def restore(taken_at):
        settle({"taken_at": taken_at.isoformat(), "results": True}, now, resume=True)

    restore(now - timedelta(hours=1))
    first = submit().pk
    restore(now)  # again, of what was backed up just before

    assert first > last + 36_000
    assert submit().pk > first + 1000
