"""Jobs that deliver their result to a real SFTP server."""

import hashlib
import json
import threading
from datetime import UTC, datetime

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from console import jobs
from console.jobs.log import write
from console.models import Database, Job, Schedule
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from tests.servers import FaultyProxy, free_port, wait_until

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")
SFTP = CONNECTORS["sftp_v2"]


@pytest.fixture(autouse=True)
def near(settings):
    """Exports may reach this machine."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def authentication(sshd, marketer):
    authentication = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    authentication.settings = sshd.settings
    authentication.save()
    return authentication


@pytest.fixture
def submit(authentication, marketer):
    Database.objects.create(name="shop", owner=marketer)

    def submit(sql="SELECT 'ann' AS name, 1 AS n", path="/in/people.csv", **settings):
        own = {name: settings.pop(name) for name in set(settings) & set(SFTP.Export.base_fields)}
        given = {"path_prefix": path, "user_directory_is_root": True, "newline": "LF"}
        form = SFTP.Export.from_json(given | own)
        assert form.is_valid(), form.errors
        given = {"owner": marketer, "authentication": authentication} | settings
        return jobs.submit(sql, database="shop", export=form.cleaned_data, **given)

    return submit


def ran(job):
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def log_of(job):
    return "\n".join(line.text for line in job.lines.all())


def reach(authentication, **fields):
    authentication.settings = authentication.settings | fields
    authentication.save()


def test_a_result_lands_on_the_server_and_the_receipt_says_what(submit, sshd):
    job = ran(submit())

    file = sshd.root / "in/people.csv"
    assert (job.status, job.error) == ("success", "")
    assert file.read_bytes() == b"name,n\nann,1\n"
    [delivered] = job.receipt["files"]
    assert delivered["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert job.receipt["rows"] == 1
    assert job.receipt["host_key"] == sshd.fingerprint()
    assert set(job.receipt["phases"]) == {"querying", "uploading"}
    assert job.sent_bytes == file.stat().st_size
    assert "/in/people.csv" in log_of(job)


@pytest.mark.parametrize("trouble", [OperationalError, InterfaceError])
def test_a_delivery_goes_on_where_a_line_of_its_log_cannot_be_written(submit, monkeypatch, trouble):
    def troubled(job, text):
        if "Host key" in text:
            raise trouble("database is locked")
        write(job, text)

    monkeypatch.setattr("console.jobs.delivering.write", troubled)

    assert ran(submit()).status == "success"


def test_the_slot_is_told_in_the_zone_of_its_schedule(submit):
    schedule = Schedule.objects.create(cron="@daily", timezone="Asia/Tokyo")
    slot = datetime(2026, 1, 1, 15, tzinfo=UTC)

    job = ran(submit("SELECT TD_SCHEDULED_TIME() AS t", schedule=schedule, slot=slot))

    assert job.error == ""
    assert job.receipt["slot"] == "2026-01-02T00:00:00+09:00"


def test_secrets_stay_out_of_rows_logs_and_errors(submit, sshd, authentication):
    secret = "correct horse battery"
    reach(authentication, auth_method="password", password=secret, secret_key_file="")

    job = ran(submit())

    texts = [job.error, job.remedy, job.traceback, log_of(job), json.dumps(job.receipt)]
    assert job.status == "error"
    assert job.error and job.remedy
    assert not any(secret in text for text in texts)


def test_a_fault_that_quotes_a_secret_is_written_without_it(submit, authentication, monkeypatch):
    secret = 'pass"word\n1'
    reach(authentication, auth_method="password", password=secret)

    def leak(job):
        raise RuntimeError(f"{secret} and {secret!r} and {json.dumps(secret)}")

    monkeypatch.setattr("console.jobs.running.check_rights", leak)
    job = ran(submit())

    assert job.error == "The job failed because of a fault in the console."
    assert 'pass"word' not in job.traceback
    assert 'pass\\"word' not in job.traceback
    assert "***" in job.traceback


def test_a_server_that_is_away_is_tried_again_later_without_a_second_query(
    submit, sshd, authentication
):
    reach(authentication, max_connection_retry=0, port=free_port(), timeout=2)
    job = ran(submit(attempts=2))

    assert job.status == "queued"
    assert job.not_before > timezone.now()
    assert "attempt 1 of 2" in log_of(job)
    made = jobs.rows_of(job).path.stat().st_mtime_ns

    reach(authentication, port=sshd.port)
    Job.objects.update(not_before=timezone.now())
    job = ran(job)

    assert (job.status, job.attempt) == ("success", 2)
    assert jobs.rows_of(job).path.stat().st_mtime_ns == made
    assert "The result is there already" in log_of(job)


def test_a_failed_export_is_retried_from_the_same_result(submit, sshd, authentication, marketer):
    reach(authentication, max_connection_retry=0, port=free_port(), timeout=2)
    job = ran(submit("SELECT random() AS n"))
    assert job.status == "error"
    reach(authentication, port=sshd.port)

    again = ran(jobs.retry(job, marketer))

    assert again.status == "success"
    kept = b"".join(jobs.csv_lines(job)).replace(b"\r\n", b"\n")
    assert (sshd.root / "in/people.csv").read_bytes() == kept
    assert again.retry_of == job


def test_an_authentication_that_is_shared_no_more_is_not_used(submit, colleague, sshd):
    job = ran(submit(owner=colleague))

    assert job.error == "otto may not use the authentication 'Drop'."
    assert not (sshd.root / "in").exists()


def test_credentials_that_cannot_be_opened_are_a_sentence(submit, settings):
    job = submit()
    settings.ENCRYPTION_KEYS = ["2Wv1yAKhd9hGx7Wn5UcxKZQ3sVbM3mS2JmbvWw9hV1E="]

    ran(job)

    assert "cannot be opened with the encryption keys" in job.error
    assert job.traceback == ""


@pytest.mark.django_db(transaction=True)
def test_an_upload_is_killed_within_seconds_and_leaves_no_file(
    submit, sshd, authentication, marketer
):
    proxy = FaultyProxy((sshd.host, sshd.port), bytes_per_second=100_000)
    reach(authentication, port=proxy.port)
    job = submit(
        "SELECT sha256(to_utf8(cast(x AS varchar))) AS h FROM UNNEST(sequence(1, 200000)) t(x)"
    )
    worker = threading.Thread(target=lambda: (jobs.run(job.pk), connection.close()))
    worker.start()
    wait_until(lambda: Job.objects.get(pk=job.pk).sent_bytes > 0, 20)

    jobs.kill(job, marketer)
    worker.join(5)
    proxy.close()

    job.refresh_from_db()
    assert not worker.is_alive()
    assert (job.status, job.phase) == ("killed", "uploading")
    assert not (sshd.root / "in/people.csv").exists()


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_hangs_is_killed_within_seconds(submit, sshd, authentication, marketer):
    proxy = FaultyProxy((sshd.host, sshd.port), swallow_after=4_000)
    reach(authentication, port=proxy.port, timeout=600)
    job = submit(
        "SELECT sha256(to_utf8(cast(x AS varchar))) AS h FROM UNNEST(sequence(1, 20000)) t(x)"
    )
    worker = threading.Thread(target=lambda: (jobs.run(job.pk), connection.close()))
    worker.start()
    wait_until(lambda: Job.objects.get(pk=job.pk).phase == "uploading", 20)

    jobs.kill(job, marketer)
    worker.join(6)
    proxy.close()

    job.refresh_from_db()
    assert not worker.is_alive()
    assert job.status == "killed"


def test_a_skipped_empty_result_is_a_success_that_says_so(submit, sshd, client, marketer):
    job = ran(submit("SELECT 1 AS n WHERE 1 = 0", empty_result="skip"))

    assert (job.status, job.receipt["files"]) == ("success", [])
    assert "Nothing is sent: the result has no rows" in log_of(job)
    assert not (sshd.root / "in").exists()
    client.force_login(marketer)
    page = client.get(job.get_absolute_url()).content.decode()
    assert "Nothing was sent" in page and "The result has no rows, and the export is set" in page


def test_an_empty_result_that_must_not_be_is_an_error_at_once(submit, sshd):
    job = ran(submit("SELECT 1 AS n WHERE 1 = 0", empty_result="fail", attempts=3))

    assert (job.status, job.attempt) == ("error", 1)
    assert job.error.startswith("The result has no rows") and job.remedy
    assert not (sshd.root / "in").exists()


def test_a_slot_has_one_name_whenever_it_runs_and_however_often(
    submit, sshd, authentication, marketer
):
    schedule = Schedule.objects.create(cron="@daily", timezone="Asia/Tokyo")
    slot = datetime(2026, 1, 1, 15, tzinfo=UTC)
    path = "/in/{yyyy}{MM}{dd}-{HH}{mm}{ss}-{job}.csv"
    job = ran(submit(path=path, schedule=schedule, slot=slot))
    schedule.delete()

    again = ran(jobs.retry(ran(jobs.retry(job, marketer)), marketer))

    assert again.status == "success"
    assert [file.name for file in (sshd.root / "in").iterdir()] == [f"20260102-000000-{job.pk}.csv"]


def test_a_retry_of_a_run_by_hand_has_its_name_too(submit, sshd, marketer):
    job = ran(submit(path="/in/{epoch}.csv"))
    Job.objects.filter(pk=job.pk).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    job.refresh_from_db()
    again = ran(jobs.retry(job, marketer))

    assert again.receipt["slot"] == "2026-01-01T00:00:00+00:00"
    assert (sshd.root / "in/1767225600.csv").exists()
