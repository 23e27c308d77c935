"""The list of jobs, and the page of one."""

import csv
import io
import re

import pytest
from django.utils import timezone
from django.utils.html import escape

from console import jobs
from console.models import Database, Job
from tests.together import at_once

pytestmark = pytest.mark.django_db
LIST = "/workbench/jobs/"


@pytest.fixture
def submit(marketer):
    Database.objects.create(name="shop", owner=marketer)

    def submit(sql="SELECT 1 AS a", **more):
        return jobs.submit(sql, **{"database": "shop", "owner": marketer} | more)

    return submit


@pytest.fixture
def read(client, marketer):
    client.force_login(marketer)
    return lambda path, **more: client.get(path, **more).content.decode()


def done(submit, sql, **more):
    job = submit(sql, **more)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def test_before_anything_ran_the_list_says_what_to_do(read):
    assert "Nothing has run yet" in read(LIST)


def test_the_list_has_only_ones_own_jobs_and_an_admins_has_all(
    client, read, submit, colleague, keeper
):
    mine, other = submit(name="Mine"), submit(name="Ottos", owner=colleague)

    assert mine.name in read(LIST) and other.name not in read(LIST)

    client.force_login(keeper)
    assert mine.name in read(LIST) and other.name in read(LIST)
    assert mine.name not in read(LIST + "?mine=1")


def test_what_belongs_to_somebody_else_is_not_found(client, submit, colleague):
    job = submit()
    client.force_login(colleague)

    for path in ("", "live/", "result.csv"):
        assert client.get(f"{LIST}{job.pk}/{path}").status_code == 404
    for path in ("kill/", "retry/"):
        assert client.post(f"{LIST}{job.pk}/{path}").status_code == 404


def test_the_list_narrows_to_a_status_a_number_or_a_name(read, submit):
    failed = done(submit, "SELECT nothing", name="Broken one")
    good = done(submit, "SELECT 1 AS a", name="Good one")

    assert failed.name in read(LIST + "?status=failed")
    assert good.name not in read(LIST + "?status=failed")
    assert failed.name not in read(f"{LIST}?search={good.pk}")
    assert good.name in read(f"{LIST}?search=%23{good.pk}")
    assert good.name in read(LIST + "?search=good")
    assert "No job is like that" in read(LIST + "?search=" + "9" * 40)


def test_the_list_has_fifty_jobs_a_page(read, submit, marketer):
    Job.objects.bulk_create(
        Job(sql="SELECT 1", database="shop", owner=marketer, name=f"Job-{n:02}") for n in range(51)
    )

    assert "Job-50" in read(LIST) and "Job-00" not in read(LIST)
    assert "Job-00" in read(LIST + "?page=2")
    assert "1–50 of 51 jobs" in read(LIST)  # noqa: RUF001
    assert "page=2" in read(LIST + "?search=job") and "search=job" in read(LIST + "?search=job")


def test_the_list_takes_as_many_queries_for_many_jobs(
    client, read, submit, marketer, django_assert_max_num_queries
):
    submit()
    Job.objects.bulk_create(Job(sql="SELECT 1", owner=marketer) for _ in range(50))

    with django_assert_max_num_queries(10):
        read(LIST)


def test_the_list_asks_for_itself_while_a_job_waits_or_runs(read, submit):
    job = submit()
    assert 'hx-trigger="every 5s"' in read(LIST)

    jobs.run(job.pk)

    assert "every 5s" not in read(LIST)
    part = read(LIST, headers={"HX-Request": "true"})
    assert 'id="jobs"' in part and "<html" not in part


def test_a_failed_job_names_the_error_and_its_line(read, submit):
    job = done(submit, "SELECT 1 AS a,\n  nothing\nFROM (SELECT 2 AS b)")

    shown = read(f"{LIST}{job.pk}/")

    assert escape(job.error) in shown and "Line 2" in shown
    assert '<li class="wrong">  nothing</li>' in shown
    assert "Failed" in shown and "Retry" in shown


def test_a_result_shows_its_first_rows_and_says_how_many_there_are(read, submit):
    sql = "SELECT n, IF(n = 3, NULL, 'x') AS word FROM UNNEST(SEQUENCE(1, 345)) AS t(n)"
    job = done(submit, sql)

    shown = read(f"{LIST}{job.pk}/")

    assert "First 200 of 345 rows" in shown
    assert shown.count('class="line-no"') == 200
    assert '<td class="null">NULL</td>' in shown


def test_values_of_a_result_cannot_become_html(read, submit):
    job = done(submit, "SELECT '<script>alert(1)</script>' AS \"<b>\"")

    shown = read(f"{LIST}{job.pk}/")

    assert "<script>alert" not in shown and "&lt;script&gt;alert" in shown
    assert "<b>" not in shown.split('id="job-outcome"')[1]


def test_the_whole_result_is_downloaded_as_csv(client, read, submit):
    sql = "SELECT n, 'a \"quoted\", word' AS word FROM UNNEST(SEQUENCE(1, 345)) AS t(n)"
    job = done(submit, sql)

    response = client.get(f"{LIST}{job.pk}/result.csv")

    assert response.streaming
    assert response.headers["Content-Disposition"] == f'attachment; filename="job-{job.pk}.csv"'
    rows = list(csv.reader(io.StringIO(response.getvalue().decode())))
    assert rows[0] == ["n", "word"] and len(rows) == 346
    assert rows[345] == ["345", 'a "quoted", word']


def test_a_result_that_was_deleted_is_said_to_be(client, read, submit, settings):
    job = done(submit, "SELECT 1 AS a")
    (settings.RESULTS_DIR / job.result_path).unlink()

    assert "was deleted" in read(f"{LIST}{job.pk}/")
    response = client.get(f"{LIST}{job.pk}/result.csv", follow=True)
    assert "was deleted" in response.content.decode()


def test_the_page_asks_each_second_until_the_job_has_ended(read, submit):
    job = submit()
    shown = read(f"{LIST}{job.pk}/")
    assert 'hx-trigger="every 1s"' in shown and f"{LIST}{job.pk}/live/?after=0" in shown

    jobs.run(job.pk)
    news = read(f"{LIST}{job.pk}/live/?after=0")

    assert "hx-trigger" not in news
    assert re.search(r"<dt>Ended</dt><dd><time", news)
    assert "Success" in news and "The job started." in news
    assert 'hx-swap-oob="true"' in news and "Retry" in news and 'class="line-no"' in news
    last = job.lines.last()
    assert last.text not in read(f"{LIST}{job.pk}/live/?after={last.pk}")


def test_a_waiting_job_is_killed_at_once(client, read, submit, marketer):
    job = submit()

    response = client.post(f"{LIST}{job.pk}/kill/", follow=True)

    job.refresh_from_db()
    assert (job.status, job.kill_requested_by) == ("killed", marketer)
    assert f"Job {job.pk} is killed." in response.content.decode()


def test_a_running_job_is_asked_to_end(client, read, submit):
    job = submit()
    Job.objects.filter(pk=job.pk).update(status="running", started_at=timezone.now())

    response = client.post(f"{LIST}{job.pk}/kill/", follow=True)

    assert f"Job {job.pk} will be killed." in response.content.decode()
    assert "mia asked for the job to be killed." in response.content.decode()


def test_a_job_that_ended_before_it_was_killed_says_so(client, read, submit):
    job = submit()
    Job.objects.filter(pk=job.pk).update(status="success", ended_at=timezone.now())

    response = client.post(f"{LIST}{job.pk}/kill/", follow=True)

    assert f"Job {job.pk} had ended before: Success." in response.content.decode()
    assert "killed." not in response.content.decode()


def test_a_job_is_done_again(client, read, submit):
    job = done(submit, "SELECT nothing")

    response = client.post(f"{LIST}{job.pk}/retry/", follow=True)

    again = Job.objects.get(retry_of=job)
    assert f"Job {again.pk} does job {job.pk} again." in response.content.decode()
    assert f"Job {again.pk}</a>" in read(f"{LIST}{job.pk}/")


def test_a_job_that_has_not_ended_is_not_done_again(client, read, submit):
    job = submit()

    client.post(f"{LIST}{job.pk}/retry/")

    assert not job.retries.exists()


def test_a_job_that_a_retry_has_done_is_not_done_once_more(client, read, submit):
    job = done(submit, "SELECT x FROM nowhere")
    client.post(f"{LIST}{job.pk}/retry/")
    again = Job.objects.get(retry_of=job)
    Job.objects.filter(pk=again.pk).update(status="success")

    page = client.post(f"{LIST}{job.pk}/retry/", follow=True).content.decode()

    assert f"Job {again.pk} has done job {job.pk} again. To do all of it once more" in page
    assert Job.objects.count() == 2


def test_a_retry_that_is_asked_for_twice_is_one(client, read, submit):
    job = done(submit, "SELECT x FROM nowhere")

    for _ in range(2):
        response = client.post(f"{LIST}{job.pk}/retry/", follow=True)

    again = Job.objects.get(retry_of=job)
    assert f"Job {again.pk} does job {job.pk} again already" in response.content.decode()
    jobs.run(again.pk)
    client.post(f"{LIST}{job.pk}/retry/")
    assert Job.objects.get(retry_of=again)


@pytest.mark.django_db(transaction=True)
def test_retries_that_are_asked_for_at_once_are_one(submit, marketer):
    job = done(submit, "SELECT x FROM nowhere")

    at_once(4, lambda _: jobs.retry_once(job, marketer))

    assert Job.objects.filter(retry_of=job).count() == 1


@pytest.mark.parametrize("what", ["kill", "retry"])
def test_a_link_changes_nothing(client, read, submit, what):
    job = submit()

    assert client.get(f"{LIST}{job.pk}/{what}/").status_code == 405
    job.refresh_from_db()
    assert job.status == "queued"


def test_only_admins_are_shown_the_traceback(client, read, submit, keeper):
    job = submit()
    Job.objects.filter(pk=job.pk).update(status="error", traceback="Traceback: line 1")

    assert "Traceback: line 1" not in read(f"{LIST}{job.pk}/")
    client.force_login(keeper)
    assert "Traceback: line 1" in read(f"{LIST}{job.pk}/")


def test_a_delivered_job_shows_its_receipt(read, submit):
    job = submit()
    file = {"path": "/in/a.csv", "bytes": 2048, "sha256": "ab12", "remote_bytes": 2048}
    receipt = {"rows": 3, "bytes": 2048, "files": [file], "host_key": "SHA256:xyz", "phases": {}}
    Job.objects.filter(pk=job.pk).update(status="success", receipt=receipt, export={})

    shown = read(f"{LIST}{job.pk}/")

    for text in ("/in/a.csv", "2,048 bytes", "ab12", "SHA256:xyz", "the server says the same"):
        assert text in shown
