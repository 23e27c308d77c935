"""The log of deliveries when workers die, or a delivery breaks off: nothing is missing in it."""

import os
import time

import pytest
from django.utils import timezone

from console import jobs
from console.jobs.in_part import so_far
from console.models import Delivery, Job, LogKey
from tests.console.deliveries import found, matches
from tests.faults.deliveries import run, run_after_the_lease
from tests.integrations.clevertap import EVENTS

pytestmark = pytest.mark.django_db(transaction=True)
SQL = "SELECT 'ann@example.com' AS email, x AS customer_id FROM UNNEST(sequence(1, 3)) t(x)"


@pytest.mark.needs("sshd", "ssh-keygen")
def test_a_worker_killed_between_delivery_and_end_leaves_it_unsure_until_it_is_done_again(
    submit, start, drop, settings
):
    job = submit(SQL)
    worker = start(job, "console.jobs.running.succeed")
    worker.wait_at_step()
    worker.kill()
    assert drop.file.exists() and found("ann@example.com") == []

    assert jobs.reap(timezone.now() + timezone.timedelta(minutes=1))
    assert [match.status for match in matches("ann@example.com")] == ["unsure"]
    job = run(job)

    [match] = matches("ann@example.com")
    assert (job.status, match.status, match.delivery.job_id) == ("success", "delivered", job.pk)
    assert found("2") == [(job.pk, ["customer_id"])]
    assert Delivery.objects.count() == 1
    old = time.time() - 10 * 86_400
    for path in settings.DELIVERIES_DIR.glob("*/*"):
        os.utime(path, (old, old))
    jobs.prune()
    assert len(list(settings.DELIVERIES_DIR.glob("*/*.parquet"))) == 1
    assert len(matches("ann@example.com")) == 1


@pytest.mark.needs("sshd", "ssh-keygen")
def test_a_worker_killed_before_it_sends_leaves_nothing(submit, start, drop):
    job = submit(SQL)
    worker = start(job, "console.jobs.delivering.exported")
    worker.wait_at_step()
    worker.kill()

    assert jobs.reap(timezone.now() + timezone.timedelta(minutes=1))
    assert not Delivery.objects.exists()
    run(job)
    assert len(matches("ann@example.com")) == 1


@pytest.mark.needs("sshd", "ssh-keygen")
def test_a_job_whose_log_cannot_be_counted_goes_on_all_the_same(submit, start, drop, caplog):
    job = submit(SQL)
    worker = start(job, "console.jobs.running.succeed")
    worker.wait_at_step()
    worker.kill()
    LogKey.objects.all().delete()

    assert jobs.reap(timezone.now() + timezone.timedelta(minutes=1))

    assert f"What job {job.pk} may have delivered could not be counted." in caplog.text
    assert run(job).status == "success"


def test_of_a_delivery_that_breaks_off_the_rows_that_may_be_there_are_unsure(account, send):
    account.switches.faults = ["ok", "ok", "401"]
    job = run(send())

    assert job.status == "error" and job.may_be_in_part
    assert [match.status for match in matches("3")] == ["unsure"]
    assert found("1500") == [(job.pk, ["identity"])]
    assert found("4200") == []

    again = jobs.retry(job, job.owner)
    assert run(again).status == "success"
    assert [match.status for match in matches("3")] == ["delivered", "unsure"]
    assert [match.status for match in matches("4200")] == ["delivered"]


def test_rows_without_an_answer_are_unsure_whatever_failed_after_them(account, send):
    account.switches.faults = ["drop", "401"]
    job = run(send(**EVENTS, unanswered="send"))

    assert job.status == "error" and "credentials" in job.error
    assert job.may_be_in_part
    assert [match.status for match in matches("3")] == ["unsure"]
    assert so_far(job) == (
        "CleverTap has taken 0 of the 4,500 rows. 1 request got no answer: what it held may be "
        "there too. Retry sends that again, and what had arrived is then there twice."
    )


def test_the_page_of_a_job_that_broke_off_says_how_much_arrived(account, send, client):
    account.switches.faults = ["ok", "partial", "401"]
    job = run(send(skip_invalid=False))
    client.force_login(job.owner)

    told = "CleverTap has taken 1,999 of the 4,500 rows and refused 1. Retry sends the others."
    assert told in client.get(job.get_absolute_url()).text


def test_after_another_account_was_entered_a_retry_sends_all_rows_there(account, send):
    account.switches.faults = ["ok", "ok", "401"]
    job = run(send(**EVENTS))
    kept = job.authentication
    kept.settings |= {"api_host": account.address.replace("127.0.0.1", "localhost")}
    kept.save()
    job = Job.objects.get(pk=job.pk)
    assert so_far(job) == (
        "What was delivered before it ended went to the account that the authentication led to "
        "then. By now that leads to another one: Retry sends all rows there."
    )

    again = run(jobs.retry(job, job.owner))

    assert (again.status, again.receipt["rows"]) == ("success", 4_500), again.error
    assert len(account.store.read("events")) == 2_000 + 4_500


def test_rows_of_a_job_that_was_killed_before_the_first_answer_are_unsure(account, send, start):
    account.switches.faults = ["silent"]
    job = send(**EVENTS)
    worker = start(job)
    worker.run_until(lambda: len(account.store.read("requests")) == 1)
    jobs.kill(job, job.owner)
    worker.run_until(lambda: Job.objects.get(pk=job.pk).finished)
    worker.kill()

    job = Job.objects.get(pk=job.pk)
    assert job.status == "killed" and job.may_be_in_part
    assert [match.status for match in matches("3")] == ["unsure"]


def test_nothing_is_logged_where_the_first_request_was_refused(account, send):
    account.switches.faults = ["401"]
    job = run(send(**EVENTS))

    assert job.status == "error" and not Delivery.objects.exists()


def test_rows_without_an_answer_are_unsure_and_the_others_delivered(account, send, start):
    job = send(**EVENTS, unanswered="list")
    account.switches.faults = ["ok", "ok", "silent"]
    worker = start(job)
    worker.run_until(lambda: len(account.store.read("requests")) == 3)
    worker.kill()

    job = run_after_the_lease(job)

    assert (job.status, job.rejected) == ("success", 1000), job.error
    assert [match.status for match in matches("2500")] == ["unsure"]
    assert [match.status for match in matches("1500")] == ["delivered"]
    assert [match.status for match in matches("4200")] == ["delivered"]


def test_a_job_of_which_no_request_was_answered_is_unsure_as_a_whole(account, send, client):
    account.switches.faults = ["drop", "ok"] * 5
    job = run(send(**EVENTS, unanswered="list"))

    assert (job.status, job.rejected) == ("error", 4_500)
    assert "CleverTap never answered for 4,500 of the 4,500 rows" in job.error
    assert [match.status for match in matches("3")] == ["unsure"]
    assert [match.status for match in matches("4200")] == ["unsure"]
    client.force_login(job.owner)
    page = client.get(job.get_absolute_url()).text
    assert "Not delivered, or unknown: 4,500 rows" in page and "Send these again" in page
    assert "5 requests got no answer" in page
