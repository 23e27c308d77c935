"""The volume guard: unusual results wait for a person, who releases or drops them."""

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console import jobs
from console.jobs import delivering
from console.jobs.holding import comparison, is_unusual
from console.models import Database, Job, Query
from console.queries.saving import save
from console.td.command import main
from integrations.connectors import CONNECTORS
from integrations.models import Authentication

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db]


@pytest.fixture
def query(sshd, marketer, settings):
    """A saved query whose unusual results are held, with an export to a real server."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    shop = Database.objects.create(name="shop", owner=marketer)
    drop = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    query = Query(name="People", database=shop, sql="SELECT 1 AS n", owner=marketer)
    query.authentication, query.export = drop, export()
    return save(query, by=marketer)


def export(**more):
    given = {"path_prefix": "/in/people.csv", "user_directory_is_root": True, "newline": "LF"}
    form = CONNECTORS["sftp_v2"].Export.from_json(given | {"hold_unusual": True} | more)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def ran(job):
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


@pytest.fixture
def run(query):
    """Run the query with so many rows, all of them new."""

    def run(rows, **more):
        query.sql = (
            f"SELECT CAST(1e15 * random() AS bigint) AS r FROM UNNEST(sequence(1, {rows})) t(x)"
        )
        if not rows:
            query.sql = "SELECT 1 AS r WHERE 1 = 0"
        query.save()
        return ran(jobs.submit_query(query, **more))

    return run


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def log_of(job):
    return "\n".join(line.text for line in job.lines.all())


def post(client, job, what):
    answer = client.post(f"/workbench/jobs/{job.pk}/{what}/")
    job.refresh_from_db()
    return answer


def test_usual_results_are_sent(run, sshd):
    assert [run(rows).status for rows in (10, 15, 9)] == ["success"] * 3


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (0, "The result has no rows."),
        (3, "The result has 3 rows, 75% fewer than the last 2 delivered runs on average (12)."),
        (90, "The result has 90 rows, 650% more than the last 2 delivered runs on average (12)."),
    ],
)
def test_an_unusual_result_is_held_and_not_sent(run, sshd, rows, reason):
    run(10), run(14)
    sent = (sshd.root / "in/people.csv").read_bytes()

    job = run(rows)

    assert (job.status, job.held_because, job.held) == ("queued", reason, True)
    assert (job.phase, job.attempt, job.ended_at, job.receipt) == ("queued", 0, None, None)
    assert f"Held: {reason}" in log_of(job)
    assert (sshd.root / "in/people.csv").read_bytes() == sent


def test_rows_that_are_sent_again_are_neither_held_nor_counted(run):
    first = run(10)
    again = ran(jobs.retry(first, first.owner))
    Job.objects.filter(pk=again.pk).update(resend_of=first, rows=1, status="queued")

    assert ran(again).status == "success"
    assert run(11).status == "success"


def test_a_first_result_without_rows_is_held(run):
    assert run(0).held


def test_no_worker_takes_a_held_job_however_often_it_is_woken(run):
    job = run(0)
    Job.objects.update(created_at=timezone.now() - timedelta(hours=1))

    assert jobs.reap() == 0
    assert not jobs.run(job.pk)
    assert not jobs.take_turn(job.pk)
    job.refresh_from_db()
    assert job.held


def test_without_the_guard_nothing_is_held(run, query):
    query.export = export(hold_unusual=False)
    run(10)

    assert run(0).status == "success"


def test_only_the_last_delivered_runs_count(run, query):
    run(1000)
    query.export = export(hold_unusual=False)
    run(10), run(12)

    query.export = export(hold_runs=3)
    assert run(11).held
    query.export = export(hold_runs=2)
    assert run(11).status == "success"


@pytest.mark.parametrize(
    ("rows", "before", "percent", "unusual"),
    [
        (15, [10], 50, False),
        (16, [10], 50, True),
        (5, [10, 10], 50, False),
        (4, [10, 10], 50, True),
        (1, [0, 0], 50, True),
        (2, [1], 100, False),
        (10**15 + 1, [10**15], 1, False),
    ],
)
def test_what_is_unusual_is_exact(rows, before, percent, unusual):
    assert is_unusual(rows, before, percent) is unusual


def test_the_reason_is_a_sentence():
    assert comparison(1, [0]) == "The result has 1 row, and the last delivered run had none."
    assert comparison(1500, [1000]) == (
        "The result has 1,500 rows, 50% more than the last delivered run (1,000)."
    )


def test_a_released_job_sends_the_very_rows_without_another_query(run, sshd, mia):
    run(10)
    job = run(2)
    rows = b"".join(jobs.csv_lines(job)).replace(b"\r\n", b"\n")

    post(mia, job, "release")
    assert (job.status, job.held) == ("queued", False)
    ran(job)

    assert (job.status, job.attempt) == ("success", 1)
    assert (sshd.root / "in/people.csv").read_bytes() == rows
    assert "Released by mia: the result is sent as it is." in log_of(job)
    assert "the query is not run again" in log_of(job)


def test_once_a_released_result_is_delivered_its_receipt_asks_the_database_nothing(
    run, mia, monkeypatch
):
    usual, queries = delivering.signed, []

    def signed(*given):
        with CaptureQueriesContext(connection) as asked:
            receipt = usual(*given)
        queries.extend(asked)
        return receipt

    monkeypatch.setattr(delivering, "signed", signed)
    run(10)
    job = run(2)
    post(mia, job, "release")

    ran(job)

    assert job.receipt["released_by"] == "mia"
    assert queries == []
    assert job.receipt["released_by"] == "mia"


def test_a_released_empty_result_does_what_the_export_says(run, query, mia, sshd):
    query.export = export(empty_result="skip")
    job = run(0)

    post(mia, job, "release")
    ran(job)

    assert (job.status, job.receipt["files"]) == ("success", [])
    assert not (sshd.root / "in").exists()


def test_a_released_result_that_is_gone_is_judged_anew(run, mia):
    job = run(0)
    post(mia, job, "release")
    jobs.rows_of(job).path.unlink()

    ran(job)

    assert job.held and job.released_by is None


def test_a_dropped_job_ends_as_killed_with_the_reason(run, mia, sshd):
    job = run(0)

    post(mia, job, "drop")

    assert (job.status, job.kill_requested_by.username) == ("killed", "mia")
    assert job.error == "Dropped by mia, and not sent. The result has no rows."
    assert job.error in log_of(job)
    assert not jobs.run(job.pk)
    assert not (sshd.root / "in").exists()
    assert job.error in mia.get(job.get_absolute_url()).content.decode()


def test_what_was_decided_is_decided_once(run, mia):
    job = run(0)
    post(mia, job, "drop")

    answer = mia.post(f"/workbench/jobs/{job.pk}/release/", follow=True)

    assert "is not held any more" in answer.content.decode()
    job.refresh_from_db()
    assert job.status == "killed"


def test_a_held_job_can_be_killed_like_any_other(run, marketer):
    job = run(0)

    assert jobs.kill(job, marketer) == "queued"
    assert (job.status, job.held) == ("killed", False)


def test_a_kill_that_comes_while_the_query_ends_wins(query, marketer, monkeypatch):
    def asked_meanwhile(job):
        jobs.kill(job, marketer)
        return holding(job)

    holding = jobs.running.check_volume
    monkeypatch.setattr("console.jobs.running.check_volume", asked_meanwhile)
    query.sql = "SELECT 1 AS r WHERE 1 = 0"
    query.save()

    job = ran(jobs.submit_query(query))

    assert (job.status, job.held_because) == ("killed", "")


def test_a_retry_of_a_released_job_with_its_result_is_not_held_again(run, mia, marketer, sshd):
    job = run(0)
    post(mia, job, "release")
    ran(job)

    again = ran(jobs.retry(job, marketer))

    assert (again.status, again.receipt["released_by"]) == ("success", "mia")


def test_strangers_can_neither_release_nor_drop_and_admins_can(run, client, colleague, keeper):
    job = run(0)
    client.force_login(colleague)
    assert [post(client, job, what).status_code for what in ("release", "drop")] == [404, 404]
    assert job.held

    client.force_login(keeper)
    assert client.get(f"/workbench/jobs/{job.pk}/release/").status_code == 405
    post(client, job, "release")
    assert not job.held
    assert "Released by ada" in log_of(job)


def test_a_later_slot_does_not_wait_for_a_held_one(run):
    job = run(0)

    assert run(5).status == "success"
    job.refresh_from_db()
    assert job.held


@pytest.mark.parametrize("path", ["/", "/workbench/jobs/", "/workbench/jobs/{pk}/"])
def test_pages_say_that_a_job_is_held_and_why(run, mia, path):
    job = run(0)

    page = mia.get(path.format(pk=job.pk)).content.decode()

    assert "release" in page.lower() or "Held: " in page
    assert "The result has no rows." in page
    assert "Queued" in page or path == "/"


def test_the_page_of_a_held_job_offers_the_choice_and_stops_asking(run, mia):
    job = run(10)
    held = run(2)

    page = mia.get(held.get_absolute_url()).content.decode()

    assert f"/workbench/jobs/{held.pk}/release/" in page
    assert f"/workbench/jobs/{held.pk}/drop/" in page
    assert "hx-trigger" not in page.split('id="job"')[1].split(">")[0]
    assert "<h2>Result</h2>" in page
    assert "/release/" not in mia.get(job.get_absolute_url()).content.decode()


def test_the_page_of_a_held_job_shows_what_it_was_compared_with(run, mia):
    run(10), run(15)

    page = " ".join(mia.get(run(3).get_absolute_url()).content.decode().split())

    text = re.sub("<[^>]*>", "", page)
    assert "with 10 rows, job" in text and "with 15 rows." in text
    assert "On average 12.5; up to 50% more or fewer is usual, 7 to 18 rows." in text
    assert "The owner of the job and the admins can do that." in text


@pytest.mark.parametrize("rows", [6, 7, 18, 19])
def test_what_the_page_calls_usual_is_what_is_sent(run, rows):
    run(10), run(15)

    job = run(rows)

    usual = jobs.holding.compared(job)
    assert job.held is not (usual["least"] <= rows <= usual["most"])


def test_a_released_run_counts_for_those_after_it(run, mia):
    run(10)
    job = run(90)
    post(mia, job, "release")
    ran(job)

    assert run(50).status == "success"


def test_held_jobs_can_be_listed_alone(run, mia):
    sent, held = run(10), run(2)

    page = mia.get("/workbench/jobs/?status=held").content.decode()

    assert f'id="job-{held.pk}"' in page and f'id="job-{sent.pk}"' not in page


def test_what_sent_nothing_is_seen_in_the_list_and_on_the_first_page(run, query, mia):
    query.export = export(hold_unusual=False, empty_result="skip")
    job = run(0)

    assert (
        "Nothing was sent: the result has no rows" in mia.get("/workbench/jobs/").content.decode()
    )
    assert f"Job {job.pk} · People" in mia.get("/").content.decode()
    run(1)
    assert "sent nothing" not in mia.get("/").content.decode()


def test_a_page_that_watches_learns_that_the_job_is_held(run, mia):
    job = run(0)

    news = mia.get(f"/workbench/jobs/{job.pk}/live/", headers={"HX-Request": "true"})

    page = news.content.decode()
    assert f"/workbench/jobs/{job.pk}/release/" in page
    assert f"Job {job.pk}: Held" in page
    assert "every 1s" not in page


def test_the_editor_says_so_too(run, mia):
    job = run(0)

    answer = mia.get(f"/workbench/queries/jobs/{job.pk}/", headers={"HX-Request": "true"})

    assert "Held: The result has no rows." in answer.content.decode()
    assert "every 700ms" not in answer.content.decode()


def test_the_command_line_does_not_wait_for_a_person(run):
    job = run(0)
    said = StringIO()

    status = main(["job:show", str(job.pk), "--wait=5", "--as", "mia"], said)

    assert status != 0
    assert "Held        : The result has no rows." in said.getvalue()


def test_the_settings_are_checked(query):
    Export = CONNECTORS["sftp_v2"].Export
    given = {"path_prefix": "/a", "user_directory_is_root": True}

    for wrong in ({"hold_percent": 0}, {"hold_runs": 0}, {"hold_runs": 101}):
        assert list(Export.from_json(given | {"hold_unusual": True} | wrong).errors) == [*wrong]
    assert "Applies only when hold_unusual is true" in json.dumps(
        Export.from_json(given | {"hold_percent": 10}).errors
    )


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)
def test_every_connector_has_the_guard(connector):
    assert {"hold_unusual", "hold_percent", "hold_runs"} <= connector.Export.base_fields.keys()
