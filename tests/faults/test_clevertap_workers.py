"""Workers that are killed while they send batches to CleverTap: what arrives twice."""

import time
from collections import Counter

import pytest

from console import jobs
from console.jobs.journal import journal_of
from console.jobs.rejects import rejects_of
from console.models import Job
from console.notifications import payload, wording
from integrations.connectors.clevertap import sending
from tests.faults.batches import ROWS
from tests.faults.deliveries import run, run_after_the_lease, texts
from tests.integrations.clevertap import EVENTS

pytestmark = pytest.mark.django_db(transaction=True)
SETTLE = "integrations.connectors.clevertap.progress.Progress.settle"
KEEP = "integrations.connectors.clevertap.progress.Progress.keep"
ALL = range(ROWS)


def received(account, name):
    """Return how often each row has arrived."""
    return Counter(int(each["identity"]) for each in account.store.read(name))


def rejected(job):
    return [number for portion in rejects_of(job).portions() for number in portion[0].to_pylist()]


def noted(job):
    """Return whether the worker has written down an answer."""
    job.refresh_from_db()
    return job.result_path and b'"answered"' in journal_of(job).read_bytes()


def kill_in_the_third_request(account, start, job):
    """Kill a worker whose third request was taken and never answered."""
    account.switches.faults = ["ok", "ok", "silent"]
    worker = start(job)
    worker.run_until(lambda: len(account.store.read("requests")) == 3)
    worker.kill()


def test_profiles_of_a_killed_worker_are_gone_on_with(account, send, start):
    job = send()
    kill_in_the_third_request(account, start, job)

    job = run_after_the_lease(job)

    assert (job.status, job.attempt) == ("success", 2), job.error
    found = received(account, "profiles")
    assert set(found) == set(ALL)
    assert {row for row, times in found.items() if times > 1} == set(range(2_000, 3_000))
    assert job.receipt["rows"] == ROWS and job.rejected == 0
    assert "Uploaded 4,500 profiles" in job.receipt["summary"]
    assert "in 5 requests" in job.receipt["summary"]


def test_events_of_a_killed_worker_are_twice_in_the_unanswered_batch_alone(account, send, start):
    job = send(**EVENTS, unanswered="send")
    kill_in_the_third_request(account, start, job)

    job = run_after_the_lease(job)

    assert job.status == "success", job.error
    found = received(account, "events")
    assert {row for row, times in found.items() if times > 1} == set(range(2_000, 3_000))
    assert set(found) == set(ALL) and max(found.values()) == 2


def test_events_of_a_killed_worker_are_never_twice_unless_asked_for(account, send, start):
    job = send(**EVENTS)
    kill_in_the_third_request(account, start, job)

    job = run_after_the_lease(job)

    assert job.status == "success", job.error
    assert received(account, "events") == Counter(ALL)
    assert rejected(job) == list(range(2_000, 3_000))
    assert (job.receipt["rows"], job.rejected) == (ROWS - 1_000, 1_000)


def test_events_of_many_requests_at_once_are_never_twice_either(account, send, start):
    account.switches.faults = ["ok", *["silent"] * 4]
    job = send(**EVENTS, thread_count=5)
    worker = start(job)
    worker.run_until(lambda: len(account.store.read("requests")) == 5 and noted(job))
    worker.kill()

    job = run_after_the_lease(job)

    assert job.status == "success", job.error
    assert received(account, "events") == Counter(ALL)
    assert 3_500 <= job.rejected == ROWS - job.receipt["rows"]  # The last batch is of 500.


@pytest.mark.parametrize(("step", "twice"), [(SETTLE, 1_000), (KEEP, 0)])
def test_a_worker_killed_at_an_answer_doubles_no_more_than_that_batch(
    step, twice, account, send, start
):
    job = send(**EVENTS, unanswered="send")
    worker = start(job, step)
    worker.wait_at_step()
    worker.kill()

    job = run_after_the_lease(job)

    assert job.status == "success", job.error
    assert received(account, "events") == Counter(ALL) + Counter(range(twice))


def test_another_attempt_and_a_retry_by_hand_send_only_what_is_left(account, send, marketer):
    account.switches.faults = ["partial", "ok", "401"]
    job = run(send())
    assert job.status == "error" and "refused the credentials" in job.error
    assert job.rejected == 1
    assert wording.delivered(job) == wording.IN_PART
    assert payload.delivered(job) == {"rows": None, "bytes": job.sent_bytes, "files": []}

    again = run(jobs.retry(job, marketer))

    assert again.status == "success", again.error
    assert received(account, "profiles") == Counter(range(1, ROWS))
    assert rejected(again) == [0]
    assert again.receipt["rows"] == ROWS - 1


def test_what_an_outage_left_is_sent_by_another_attempt_or_a_retry_by_hand(
    account, send, marketer, monkeypatch
):
    monkeypatch.setattr(sending, "WAITS", (0.01, 0.01))
    account.switches.faults = ["ok", *["502"] * 5, *["503"] * 4]
    job = run(send(attempts=2, **EVENTS))
    assert job.status == "queued"
    Job.objects.update(not_before=None)
    job = run(job)

    told = "CleverTap has taken 1,000 of the 4,500 rows; 1,000 got no answer and may be there; "
    assert job.status == "error" and f"{told}2,500 were not sent." in job.error
    again = run(jobs.retry(job, marketer))

    assert again.status == "success", again.error
    assert received(account, "events") == Counter(ALL)
    assert rejected(again) == list(range(1_000, 2_000))
    assert again.receipt["rows"] == ROWS - 1_000


def test_a_retry_asks_first_where_nobody_knows_any_more_what_arrived(
    account, send, marketer, client, settings
):
    account.switches.faults = ["ok", "401"]
    job = run(send(**EVENTS))
    (settings.RESULTS_DIR / job.result_path).unlink()
    client.force_login(marketer)
    address = f"{job.get_absolute_url()}retry/"
    said = f"Job {job.pk} may have delivered some of its rows, and which ones is not kept any more."

    assert f'data-confirm="{said}' in client.get(job.get_absolute_url()).text
    assert said in client.post(address, follow=True).text
    assert not job.retries.exists()
    client.post(address, {"once_more": "yes"})
    assert job.retries.get().result_path == ""


def test_a_retry_of_what_a_retry_delivered_sends_nothing(account, send, marketer):
    account.switches.faults = ["ok", "401"]
    job = run(send(**EVENTS))
    again = run(jobs.retry(job, marketer))
    assert (job.status, again.status) == ("error", "success"), again.error

    assert jobs.retry_once(job, marketer) == (again, False)

    assert received(account, "events") == Counter(ALL)


def test_a_retry_knows_what_retries_before_it_delivered(account, send, marketer):
    account.switches.faults = ["ok", "401", "ok", "401"]
    job = run(send(**EVENTS))
    run(jobs.retry(job, marketer))

    again, new = jobs.retry_once(job, marketer)
    again = run(again)

    assert (new, again.status) == (True, "success"), again.error
    assert received(account, "events") == Counter(ALL)


def test_what_is_delivered_once_more_goes_on_where_that_broke_off(account, send, marketer):
    account.switches.faults = ["ok"] * 5 + ["ok", "401"]
    job = run(send(**EVENTS))
    broken = run(jobs.retry(job, marketer))
    assert (job.status, broken.status) == ("success", "error")

    again, _ = jobs.retry_once(job, marketer)

    assert run(again).status == "success"
    assert received(account, "events") == Counter(ALL) + Counter(ALL)


def test_what_an_earlier_attempt_sent_is_told_of(account, send, marketer):
    account.switches.faults = ["ok", "401", "401"]
    job = run(send(**EVENTS))

    again = run(jobs.retry(job, marketer))

    assert again.status == "error"
    assert wording.delivered(again) == wording.IN_PART
    assert payload.delivered(again)["rows"] is None


def test_rejects_are_sent_again_once(account, send, marketer):
    account.switches.faults = ["partial"]
    job = run(send(**EVENTS))

    again, new = jobs.resend_once(job, marketer)
    assert new and jobs.resend_once(job, marketer) == (again, False)
    again = run(again)

    assert jobs.resend_once(job, marketer) == (again, False)
    assert received(account, "events") == Counter(ALL)
    more, new = jobs.resend_once(job, marketer, once_more=True)
    assert new and (more.resend_of, more.rows) == (job, 1)


def test_rejects_can_be_sent_again_alone(account, send, marketer):
    account.switches.faults = ["partial"]
    job = run(send())
    assert job.status == "success" and rejected(job) == [0]

    again = run(jobs.resend(job, marketer))

    assert again.status == "success", again.error
    assert received(account, "profiles") == Counter(ALL)
    assert "Uploaded 1 profile to CleverTap" in again.receipt["summary"]


@pytest.mark.parametrize("fault", ["silent", "429"])
def test_a_kill_is_obeyed_by_what_waits_for_clevertap(fault, account, send, start, marketer):
    account.switches.faults = ["ok", *[fault] * 20]
    job = send()
    worker = start(job)
    requests = 2 if fault == "silent" else 3
    worker.run_until(lambda: len(account.store.read("requests")) >= requests)

    jobs.kill(job, marketer)
    asked = time.monotonic()
    worker.wait(10)

    assert time.monotonic() - asked < 5
    job.refresh_from_db()
    assert job.status == "killed"
    assert "The job was killed. Nothing more is sent." in texts(job)
