"""Places: how many exports may be logged in with one authentication at the same time.

With CONSOLE_TESTS_SOAK=1 processes race for the places of 200 jobs.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from io import StringIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from console import jobs
from console.jobs.ending import succeed
from console.jobs.lease import Lease, claim, ready
from console.jobs.phases import enter
from console.jobs.places import NoPlace
from console.jobs.running import wake_next
from console.models import Database, Job
from console.td.command import main
from integrations.connectors import CONNECTORS
from integrations.errors import Stopped
from integrations.models import Authentication, inline_authentication

JOBS, WORKERS = 200 if os.environ.get("CONSOLE_TESTS_SOAK") else 60, 4
LIMITS = {"narrow": 1, "wide": 3}


@pytest.fixture
def shop(marketer):
    return Database.objects.create(name="shop", owner=marketer)


@pytest.fixture
def authentication(marketer):
    """Return a function that makes an authentication with so many places."""

    def make(name="Drop", places=1, type="sftp_v2", **more):
        made = Authentication(name=name, type=type, owner=marketer, exports_at_once=places, **more)
        made.settings = {}
        made.save()
        return made

    return make


@pytest.fixture
def exporting(shop, marketer, settings):
    """Return a function that makes jobs whose result is there and is to be exported."""
    folder = settings.RESULTS_DIR / "given"
    folder.mkdir()
    pq.write_table(pa.table({"n": [1, 2, 3]}), folder / "rows.parquet")
    result = {"result_path": "given/rows.parquet", "rows": 3, "result_columns": [["n", "bigint"]]}

    def make(authentication, count=1, **more):
        job = {"database": "shop", "sql": "SELECT 1", "owner": marketer, "export": {}} | result
        job |= {"authentication": authentication} | more
        return Job.objects.bulk_create([Job(**job) for _ in range(count)])

    return make


def end(job):
    """End a job that was claimed, as a worker does."""
    with Lease(job) as lease:
        succeed(lease, None)
    wake_next()


def status(job):
    job.refresh_from_db()
    return job.status


def overlap(spans):
    """Return how many of the (begin, end) spans there are at most at the same time."""
    events = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    count = most = 0
    for _, step in events:
        count += step
        most = max(most, count)
    return most


def run_workers(settings, tmp_path):
    """Start worker processes, let them begin at the same moment, and wait for their end."""
    database = {name: connection.settings_dict[name] for name in ("ENGINE", "NAME")}
    command = [sys.executable, "-m", "tests.console.noting_worker"]
    command += [json.dumps(database, default=str), str(settings.HOME)]
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, str(tmp_path / f"notes-{number}")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(WORKERS)
        ]
        assert [worker.stdout.readline() for worker in started] == ["ready\n"] * WORKERS
        for worker in started:
            worker.stdin.close()
        assert [worker.wait(120) for worker in started] == [0] * WORKERS


@pytest.mark.django_db(transaction=True)
def test_processes_that_race_never_log_in_more_often_than_allowed(
    authentication, exporting, settings, tmp_path
):
    """Four processes, two authentications: measured from what the exports noted."""
    used = {name: authentication(name, places, "noting") for name, places in LIMITS.items()}
    for number in range(JOBS):
        name = ("wide", "wide", "wide", "narrow")[number % 4]
        exporting(used[name], export={"with": name})

    run_workers(settings, tmp_path)

    assert Counter(Job.objects.values_list("status", flat=True)) == {"success": JOBS}
    notes = [
        json.loads(line)
        for file in tmp_path.glob("notes-*")
        for line in file.read_text().splitlines()
    ]
    assert len({job for *_, job in notes}) == len(notes) == JOBS
    for name, places in LIMITS.items():
        spans = [(begin, end) for used, begin, end, _ in notes if used == name]
        assert min(2, places) <= overlap(spans) <= places


def test_no_more_jobs_are_claimed_than_there_are_places(authentication, exporting):
    first, second, third = exporting(authentication(places=2), 3)

    assert claim(first.pk) and claim(second.pk)
    assert claim(third.pk) is None

    assert status(third) == "queued"


def test_other_jobs_go_past_those_that_wait(authentication, exporting, shop, marketer):
    drop = authentication()
    assert claim(exporting(drop)[0].pk)
    exporting(drop, 300, priority=2)
    other = exporting(authentication("Other"), export={})[0]
    plain = jobs.submit("SELECT 1 AS a", database="shop", owner=marketer)

    assert list(ready()) == [other, plain]
    assert claim(other.pk)
    assert jobs.take_turn(plain.pk)
    assert status(plain) == "success"


def test_a_job_runs_its_query_before_it_waits(authentication, exporting, marketer):
    drop = authentication()
    running = claim(exporting(drop)[0].pk)
    job = jobs.submit(
        "SELECT 7 AS n", database="shop", owner=marketer, authentication=drop, export={}
    )

    assert jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.status, job.rows, job.attempt, job.worker) == ("queued", 1, 0, "")
    assert job.lines.last().text.startswith("The export waits: others with this authentication")
    assert not jobs.run(job.pk)
    end(running)
    assert claim(job.pk).phase == "uploading"


def test_a_job_that_checks_its_rows_has_its_place_already(authentication, exporting):
    checking, waiting = exporting(authentication(), 2)
    claim(checking.pk)
    Job.objects.filter(pk=checking.pk).update(phase="checking")

    assert claim(waiting.pk) is None


def test_when_one_ends_the_next_is_told_at_once(authentication, exporting):
    drop = authentication()
    running, waiting = exporting(drop, 2)
    running = claim(running.pk)
    assert not OrmQ.objects.exists()

    end(running)

    assert [message.task["args"] for message in OrmQ.objects.all()] == [(waiting.pk,)]


def test_nobody_is_told_where_nothing_could_start(authentication, exporting):
    drop = authentication(places=2)
    first, _, _ = [claim(job.pk) for job in exporting(drop, 3)]
    Authentication.objects.update(exports_at_once=1)

    end(first)

    assert not OrmQ.objects.exists()


def test_the_place_of_a_dead_worker_is_free_when_its_lease_ends(authentication, exporting):
    lost, waiting = exporting(authentication(), 2)
    claim(lost.pk)
    Job.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claim(waiting.pk) is None

    jobs.reap()

    assert claim(waiting.pk)
    assert claim(lost.pk) is None


def test_more_places_are_used_without_anybody_ending(authentication, exporting):
    drop = authentication()
    running, *waiting = exporting(drop, 4)
    claim(running.pk)
    assert jobs.reap() == 0
    Authentication.objects.update(exports_at_once=3)

    assert jobs.reap() == 3
    assert [bool(claim(job.pk)) for job in waiting] == [True, True, False]


def test_a_job_that_waits_is_killed_at_once(authentication, exporting, marketer):
    running, waiting = exporting(authentication(), 2)
    claim(running.pk)

    assert jobs.kill(waiting, marketer) == "queued"

    assert status(waiting) == "killed"


def test_credentials_of_a_result_have_places_too(exporting, marketer):
    server = {"host": "sftp.example.com", "port": 22, "username": "mia", "password": "zq-1"}
    drop = inline_authentication(marketer, CONNECTORS["sftp_v2"], server)
    same = inline_authentication(marketer, CONNECTORS["sftp_v2"], server)
    first = [claim(job.pk) for job in exporting(drop, 4)]

    assert all(first)
    assert claim(exporting(same)[0].pk) is None


def test_a_job_whose_result_is_gone_queries_without_a_place(authentication, exporting):
    drop = authentication()
    gone, waiting = exporting(drop, 2, result_path="gone/rows.parquet", sql="SELECT missing")
    with Lease(claim(gone.pk)) as lease:
        assert claim(waiting.pk) is None
        enter(lease, Job.Phase.QUERYING)

        assert claim(waiting.pk)
        with pytest.raises(NoPlace):
            lease.take_place()


def test_an_export_of_a_deleted_authentication_waits_for_nobody(authentication, exporting):
    drop = authentication()
    running, job = exporting(drop, 2)
    claim(running.pk)
    drop.delete()

    assert jobs.run(job.pk)
    assert status(job) == "error"
    assert job.error == "The export has no authentication."


def test_a_job_that_was_lost_takes_no_place(authentication, exporting):
    [job] = exporting(authentication())
    lease = Lease(claim(job.pk))
    Job.objects.update(worker="another", phase="queued")

    with pytest.raises(Stopped):
        lease.take_place()

    job.refresh_from_db()
    assert job.phase == "queued"


@pytest.mark.parametrize("path", ["/workbench/jobs/", "/workbench/jobs/{pk}/"])
@pytest.mark.parametrize(("places", "words"), [(1, "1 export with"), (2, "2 exports with")])
def test_pages_say_what_a_job_waits_for(authentication, exporting, client, path, places, words):
    *running, waiting = exporting(authentication(places=places), places + 1)
    client.force_login(waiting.owner)
    path = path.format(pk=waiting.pk)
    assert "Waits: " not in client.get(path).content.decode()

    running = [claim(job.pk) for job in running]

    page = client.get(path).content.decode()
    assert f"Waits: {words} this authentication" in page
    end(running[0])
    assert "Waits: " not in client.get(path).content.decode()


def test_the_command_line_says_so_too(authentication, exporting):
    running, waiting = exporting(authentication(), 2)
    claim(running.pk)
    said = StringIO()

    main(["job:show", str(waiting.pk), "--as", "mia"], said)

    assert "Waits       : 1 export with this authentication is running." in said.getvalue()


def test_a_list_asks_once_for_all_that_wait(authentication, exporting, django_assert_num_queries):
    drop, other = authentication(), authentication("Other")
    listed = [*exporting(drop, 20), *exporting(other, 20)]
    claim(listed[0].pk)

    with django_assert_num_queries(1):
        assert len(jobs.waiting(listed[1:])) == 19
    with django_assert_num_queries(0):
        assert jobs.waiting([]) == {}
