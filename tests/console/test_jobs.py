"""The life of a job, from submit to its end."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ

from console import jobs
from console.jobs.ending import fail, succeed
from console.jobs.lease import LOST, Lease, claim
from console.jobs.phases import enter
from console.jobs.querying import execute
from console.models import Database, Job, Query, Schedule
from integrations.errors import Stopped, TransientError
from tests.together import at_once


@pytest.fixture
def database(marketer):
    return Database.objects.create(name="shop", owner=marketer)


@pytest.fixture
def submit(database, marketer):
    def submit(sql="SELECT 1 AS a", **settings):
        return jobs.submit(sql, **{"database": "shop", "owner": marketer} | settings)

    return submit


def texts(job):
    return [line.text for line in job.lines.all()]


def test_a_job_and_its_message_are_written_together(submit):
    job = submit()

    assert job.status == Job.Status.QUEUED
    assert [message.task["args"] for message in OrmQ.objects.all()] == [(job.pk,)]


def test_a_slot_has_one_job_and_the_second_leaves_no_message(submit):
    schedule = Schedule.objects.create(cron="@daily")
    slot = datetime(2026, 1, 1, tzinfo=UTC)
    submit(schedule=schedule, slot=slot)

    with pytest.raises(IntegrityError):
        submit(schedule=schedule, slot=slot)

    assert OrmQ.objects.count() == 1


def test_a_job_runs_to_success_with_its_result_kept(submit):
    job = submit("SELECT 42 AS answer")

    assert jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.status, job.phase, job.rows, job.error) == ("success", "done", 1, "")
    assert [name for name, _ in job.result_columns] == ["answer"]
    assert jobs.rows_of(job).count == 1
    assert job.worker == "" and job.lease_until is None
    assert texts(job)[-1] == "The job succeeded."


def test_a_job_is_run_once_whoever_asks(submit):
    job = submit()

    assert jobs.run(job.pk)
    assert not jobs.run(job.pk)

    job.refresh_from_db()
    assert job.attempt == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_claims_the_job(submit):
    job = submit()

    won = at_once(8, lambda _: claim(job.pk))

    assert len([claimed for claimed in won if claimed]) == 1
    job.refresh_from_db()
    assert job.attempt == 1


def test_a_turn_goes_to_the_most_urgent_job_that_waits(submit):
    late, urgent = submit(), submit(priority=2)
    submit(priority=2, sql="SELECT 2 AS a")

    jobs.take_turn(late.pk)

    urgent.refresh_from_db()
    late.refresh_from_db()
    assert (urgent.status, late.status) == ("success", "queued")


def test_a_job_that_waits_for_its_next_attempt_is_not_run_before(submit):
    job = submit()
    Job.objects.update(not_before=timezone.now() + timedelta(minutes=1))

    assert not jobs.run(job.pk)


def test_a_wrong_query_ends_in_a_sentence_with_its_place(submit):
    job = submit("SELECT\n  nothing_here")

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.status == "error"
    assert "nothing_here" in job.error
    assert job.error_line == 2
    assert job.traceback == ""


def test_the_right_to_the_database_is_checked_when_the_job_runs(submit, database, colleague):
    job = submit(owner=colleague)
    Database.objects.update(everyone_reads=False)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.error == "There is no database 'shop' that otto may read."
    assert job.remedy


def test_a_job_of_somebody_who_left_is_not_run(submit, marketer):
    job = submit()
    marketer.is_active = False
    marketer.save()

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.error == "The owner of this job, mia, is not active any more."


def test_a_fault_of_the_console_is_said_to_be_one(submit, monkeypatch):
    job = submit()
    monkeypatch.setattr("console.jobs.running.check_rights", lambda job: 1 / 0)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.error == "The job failed because of a fault in the console."
    assert "ZeroDivisionError" in job.traceback


def test_a_job_that_waits_is_killed_at_once(submit, marketer):
    job = submit()

    assert jobs.kill(job, marketer) == "queued"

    assert job.status == "killed" and job.ended_at
    assert texts(job) == ["Killed by mia before it started."]
    assert not jobs.run(job.pk)


def test_a_job_that_ended_stays_as_it_is(submit, marketer):
    job = submit()
    jobs.run(job.pk)

    assert jobs.kill(job, marketer) == "success"

    assert job.status == "success"


@pytest.mark.django_db(transaction=True)
def test_a_running_query_is_killed_within_seconds(submit, marketer):
    endless = (
        "SELECT count(*) FROM UNNEST(sequence(1, 100000)) a(x), UNNEST(sequence(1, 1000000)) b(y)"
    )
    job = submit(endless + " WHERE x * y % 7 = 3")
    worker = threading.Thread(target=lambda: (jobs.run(job.pk), connection.close()))
    worker.start()
    until(lambda: Job.objects.get(pk=job.pk).phase == "querying")

    assert jobs.kill(job, marketer) == "running"

    worker.join(5)
    assert not worker.is_alive()
    job.refresh_from_db()
    assert job.status == "killed"
    assert job.kill_requested_by == marketer


@pytest.mark.django_db(transaction=True)
def test_a_job_longer_than_allowed_is_stopped(submit, settings):
    settings.JOB_SECONDS = 1
    endless = (
        "SELECT count(*) FROM UNNEST(sequence(1, 100000)) a(x), UNNEST(sequence(1, 1000000)) b(y)"
    )
    job = submit(endless + " WHERE x * y % 7 = 3")

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.error == "The job ran longer than this server allows, and was stopped."


def test_a_lost_lease_stops_the_work_and_writes_nothing(submit):
    job = submit()
    mine = claim(job.pk)
    Job.objects.update(worker="another")

    with Lease(mine) as lease:
        lease.renew(0)

        assert lease.stopped()
    assert not lease.own().exists()


def test_a_job_that_was_to_be_killed_is_not_tried_again(submit, marketer):
    job = submit(attempts=2)
    with Lease(claim(job.pk)) as lease:
        jobs.kill(job, marketer)
        fail(lease, TransientError("The server is away."))

    job.refresh_from_db()
    assert (job.status, job.not_before) == ("killed", None)


@pytest.mark.django_db(transaction=True)
def test_a_moment_s_trouble_of_the_database_does_not_undo_a_job(submit, monkeypatch):
    own, troubles = Lease.own, [OperationalError("database is locked")]

    def troubled(lease):
        if lease.job.result_path and Job.objects.get().result_path and troubles:
            raise troubles.pop()
        return own(lease)

    monkeypatch.setattr(Lease, "own", troubled)
    job = submit()

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.status, troubles) == ("success", [])
    assert texts(job)[-1] == "The job succeeded."


@pytest.fixture
def troubled(monkeypatch):
    """Return a function that lets the database be away for the next uses of a lease."""
    own, troubles = Lease.own, []

    def away(lease):
        if troubles:
            raise troubles.pop()
        return own(lease)

    monkeypatch.setattr(Lease, "own", away)
    return lambda times: troubles.extend([OperationalError("database is locked")] * times)


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_held_where_the_database_is_away_for_a_moment(submit, troubled):
    lease = Lease(claim(submit().pk))
    troubled(2)

    assert lease.held()


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_not_held_where_the_database_stays_away(submit, troubled):
    lease = Lease(claim(submit().pk))
    lease.ends_at = 0
    troubled(1)

    assert not lease.held()
    assert lease.reason == LOST


@pytest.mark.django_db(transaction=True)
def test_a_job_is_ended_after_an_outage_that_was_longer_than_its_lease(submit, troubled):
    lease = Lease(claim(submit().pk))
    lease.ends_at = 0
    troubled(2)

    succeed(lease, None)

    assert Job.objects.get().status == "success"


def test_a_saved_query_runs_with_the_rights_of_its_owner(database, marketer, keeper):
    query = Query.objects.create(
        name="Buyers", database=database, sql="SELECT 1 AS a", owner=marketer, retry_limit=2
    )

    job = jobs.submit_query(query, by=keeper)

    assert (job.owner, job.query, job.query_version, job.attempts_allowed) == (
        marketer,
        query,
        1,
        3,
    )
    assert texts(job) == ["Started by ada."]


def test_a_retry_of_a_failed_query_runs_all_again(submit, marketer):
    job = submit("SELECT nothing_here")
    jobs.run(job.pk)
    job.refresh_from_db()

    again = jobs.retry(job, marketer)

    assert again.retry_of == job
    assert again.result_path == ""
    assert again.status == "queued"


def test_a_retry_never_writes_to_the_result_of_another_job(submit, marketer, settings):
    job = submit("SELECT 'mine' AS a", export={})
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result_path
    other = submit("SELECT 'other' AS a", export={})
    jobs.run(other.pk)
    other.refresh_from_db()
    # What a retry leaves that was rolled back: its number is given again.
    left = settings.RESULTS_DIR / str(other.pk + 1) / "rows-0.parquet"
    left.parent.mkdir()
    left.hardlink_to(settings.RESULTS_DIR / job.result_path)

    again = jobs.retry(other, marketer)

    assert jobs.grid(job)[1] == [["mine"]]
    assert jobs.grid(again)[1] == [["other"]]


def test_a_retry_whose_result_was_deleted_runs_the_query(submit, marketer, settings):
    job = submit(export={})
    jobs.run(job.pk)
    job.refresh_from_db()
    (settings.RESULTS_DIR / job.result_path).unlink()

    assert jobs.retry(job, marketer).result_path == ""


def test_a_late_attempt_leaves_the_result_of_the_next_one_as_it_is(submit, settings):
    job = submit("SELECT random() AS a")
    late = claim(job.pk)
    Job.objects.update(status="queued", worker="")
    jobs.run(job.pk)
    job.refresh_from_db()
    kept = jobs.rows_of(job).path.read_bytes()

    with Lease(late) as lease:
        execute(late, lease)
        with pytest.raises(Stopped):
            enter(lease, Job.Phase.WRITING)

    assert jobs.rows_of(job).path.read_bytes() == kept


def test_the_grid_shows_texts_and_tells_null_from_nothing(submit):
    job = submit("SELECT NULL AS a, '' AS b, true AS c, 1.50 AS d, DATE '2026-01-02' AS e")
    jobs.run(job.pk)
    job.refresh_from_db()

    columns, rows = jobs.grid(job)

    assert [name for name, _ in columns] == ["a", "b", "c", "d", "e"]
    assert rows == [[None, "", "true", "1.50", "2026-01-02"]]


def test_a_grid_of_many_columns_has_fewer_rows(submit):
    columns = ", ".join(f"1 AS c{number}" for number in range(2000))
    job = submit(f"SELECT {columns} FROM range(50)", engine="duckdb")
    jobs.run(job.pk)
    job.refresh_from_db()

    columns, rows = jobs.grid(job)

    assert (len(columns), len(rows), job.rows) == (2000, 10, 50)


def test_the_grid_and_the_download_show_what_python_has_no_value_for(submit):
    far = "TIMESTAMP '290000-01-01 00:00:00'"
    sql = f"SELECT {far} AS far, [{far}] AS inner_far, MAP {{'a': 1}} AS pairs,"
    job = submit(f"{sql} '2026-01-01 00:00:00.123456789'::TIMESTAMP_NS AS nanos", engine="duckdb")
    jobs.run(job.pk)
    job.refresh_from_db()

    [[far, inner_far, pairs, nanos]] = jobs.grid(job)[1]

    assert "out of range" in far
    assert "out of range" in inner_far
    assert (pairs, nanos) == ('[["a", 1]]', "2026-01-01 00:00:00.123456789")
    assert b"out of range" in b"".join(jobs.csv_lines(job))


def test_the_grid_ends_at_its_limit_and_the_download_does_not(submit):
    job = submit("SELECT x FROM UNNEST(sequence(1, 30000)) t(x) ORDER BY x")
    jobs.run(job.pk)
    job.refresh_from_db()

    assert len(jobs.grid(job)[1]) == 200
    lines = b"".join(jobs.csv_lines(job)).split(b"\r\n")
    assert (lines[0], lines[1], lines[-2], lines[-1]) == (b"x", b"1", b"30000", b"")


def test_the_receipt_and_columns_are_plain_json(submit):
    job = submit()
    jobs.run(job.pk)
    job.refresh_from_db()

    assert json.loads(json.dumps(job.result_columns)) == job.result_columns


def until(done, seconds=10):
    """Wait for something to come true."""
    waiting, deadline = threading.Event(), datetime.now(UTC) + timedelta(seconds=seconds)
    while not done():
        assert datetime.now(UTC) < deadline
        waiting.wait(0.05)
