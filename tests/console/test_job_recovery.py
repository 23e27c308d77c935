"""Jobs whose worker died, whose message was lost, whose time is over."""

import os
import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone
from django_q.models import OrmQ

from console import jobs
from console.jobs.lease import Lease, claim
from console.models import Database, Job


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


@pytest.mark.parametrize("sql", ["INSERT INTO t SELECT 1", "-- new\n/* rows */ create table t AS"])
def test_a_query_that_changes_a_table_is_not_run_twice_unasked(job, sql):
    Job.objects.update(sql=sql)
    lose(job)

    jobs.reap()

    job.refresh_from_db()
    assert job.status == "error"
    assert job.error.startswith("The worker died while the query was changing a table")


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

    gone = "0 results, 0 lines of logs, 0 sessions and 0 leftovers deleted.\n"
    assert capsys.readouterr().out == gone
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
