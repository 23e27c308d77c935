"""A database whose disk is full when a job ends: what was delivered is not sent again."""

import time
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection

from console import jobs
from console.jobs import ending, running
from console.models import Database, Job
from integrations.connectors import CONNECTORS
from integrations.models import Authentication

NO_LIMIT = 1 << 30  # pages


def limit(pages):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {pages}")


def fill(job):
    """Leave no room for a line of the log, neither in the file nor in pages that are there."""
    with connection.cursor() as cursor:
        limit(cursor.execute("PRAGMA page_count").fetchone()[0])
    for size in (100_000, 1_000, 1):
        with pytest.raises(OperationalError, match="database or disk is full"):
            write_for_ever(job, "x" * size)


def write_for_ever(job, text):
    while True:
        job.lines.create(text=text)


@pytest.mark.needs("sshd", "ssh-keygen")
@pytest.mark.django_db(transaction=True)
def test_a_job_ends_once_there_is_room_and_has_sent_its_file_once(
    sshd, marketer, monkeypatch, settings
):
    if connection.vendor != "sqlite":
        pytest.skip("SQLite alone can be told how large it may be.")
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    Database.objects.create(name="shop", owner=marketer)
    drop = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    given = {"path_prefix": "/in/people.csv", "user_directory_is_root": True}
    export = CONNECTORS["sftp_v2"].Export.from_json(given).cleaned_data
    job = jobs.submit(
        "SELECT 1 AS n", database="shop", owner=marketer, authentication=drop, export=export
    )
    waits, succeed = [], running.succeed

    def full_by_then(lease, receipt):
        fill(lease.job)
        succeed(lease, receipt)

    def make_room(seconds):
        waits.append(seconds)
        limit(NO_LIMIT)

    monkeypatch.setattr(running, "succeed", full_by_then)
    clock = SimpleNamespace(sleep=make_room, monotonic=time.monotonic)
    monkeypatch.setattr(ending, "time", clock)
    try:
        jobs.run(job.pk)
    finally:
        limit(NO_LIMIT)

    job.refresh_from_db()
    assert (job.status, job.attempt) == ("success", 1), job.error
    assert waits and job.lines.last().text == "The job succeeded."
    assert [path.name for path in (sshd.root / "in").iterdir()] == ["people.csv"]
    assert Job.objects.count() == 1
