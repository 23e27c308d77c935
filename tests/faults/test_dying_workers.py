"""Workers that are killed or stopped, at each step of a job."""

import os
import signal
import time

import pytest

from console import jobs
from console.jobs.lease import claim
from tests.faults.deliveries import (
    DATA,
    OLD,
    SQL,
    let_its_lease_end,
    run,
    run_after_the_lease,
    texts,
)
from tests.faults.line import Cut, Slow, Swallow
from tests.faults.processes import queries
from tests.integrations.exports import hashed
from tests.servers import wait_until

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.django_db(transaction=True),
]
ENDLESS = "SELECT count(*) FROM UNNEST(sequence(1, 100000)) a(x), UNNEST(sequence(1, 1000000)) b(y)"
STEPS = {
    "claimed": "console.jobs.running.check_rights",
    "querying": "console.engines.process.listen",
    "the result is made": "console.jobs.querying.enter",
    "the result is kept": "console.jobs.running.check_volume",
    "delivered": "console.jobs.running.succeed",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_is_followed_by_another(step, submit, start, drop):
    drop.keep()
    job = submit()
    worker = start(job, STEPS[step])
    worker.wait_at_step()

    worker.kill()

    drop.is_as_before(DATA if step == "delivered" else OLD)
    before = drop.made()
    job = run_after_the_lease(job)
    assert job.attempt == 2
    drop.has_once(job)
    assert (drop.made() == before) == (step == "delivered"), "sent once"


@pytest.mark.parametrize("rename", [True, False])
def test_a_worker_killed_in_mid_upload_is_followed_by_another(rename, submit, start, drop, line):
    drop.keep()
    job = submit(rename_file_after_upload=rename)
    hold = line.hold(line.in_mid_upload)
    worker = start(job)
    hold.wait()

    worker.kill()
    hold.let_go()
    line.mend()

    assert drop.file.read_bytes() == OLD
    drop.has_once(run_after_the_lease(job))


def test_a_worker_killed_before_the_rename_is_followed_by_another(submit, start, drop, line):
    drop.keep()
    job = submit(rename_file_after_upload=True)
    hold = line.hold(lambda: len(DATA) in drop.sizes().values())
    worker = start(job)
    hold.wait()

    worker.kill()
    line.mend()

    assert drop.file.read_bytes() == OLD
    drop.has_once(run_after_the_lease(job))


def test_a_worker_killed_before_it_hears_of_the_rename_has_sent_one_file(submit, start, drop, line):
    drop.keep()
    job = submit(rename_file_after_upload=True)
    hold = line.hold(lambda: is_there(drop), answers=True)
    worker = start(job)
    hold.wait()

    worker.kill()
    line.mend()

    drop.holds(DATA)
    made, sent = drop.made(), line.sent
    drop.has_once(run_after_the_lease(job))
    assert drop.made() == made
    assert line.sent - sent < len(DATA) / 2


@pytest.mark.parametrize("taken", [False, True])
def test_a_retry_after_a_lost_answer_to_the_rename_sends_nothing(
    taken, submit, drop, line, reach, marketer
):
    reach(max_connection_retry=0)
    line.faults, line.always = [Swallow(lambda: is_there(drop))], Cut(0)

    job = run(submit(rename_file_after_upload=True))
    line.mend()

    assert job.status == "error" and job.delivery.status == "unsure"
    assert "people.csv may be there: the server was asked to rename it" in job.remedy
    drop.holds(DATA)
    if taken:
        drop.file.unlink()
    made = not taken and drop.made()
    again = run(jobs.retry(job, marketer))
    assert again.status == "success"
    [file] = again.receipt["files"]
    assert (file["bytes"], file["sha256"]) == (len(DATA), hashed(DATA))
    assert drop.all() == ([] if taken else [drop.file])
    assert (not taken and drop.made()) == made


def is_there(drop):
    return drop.sizes().get(drop.file) == len(DATA)


def test_a_worker_that_slept_longer_than_its_lease_changes_nothing(submit, start, drop, line):
    job = submit("SELECT cast(random() * 1000000000 AS bigint) AS n", rename_file_after_upload=True)
    worker = start(job, "console.jobs.querying.enter")
    worker.wait_at_step()
    worker.signal(signal.SIGSTOP)
    job = run_after_the_lease(job)
    delivered, made = drop.file.read_bytes(), drop.made()

    worker.signal(signal.SIGCONT)
    worker.go_on()
    worker.wait()

    job.refresh_from_db()
    drop.has_once(job, delivered)
    assert drop.made() == made
    assert b"".join(jobs.csv_lines(job)).replace(b"\r\n", b"\n") == delivered


def test_a_worker_that_slept_in_mid_upload_does_not_publish(submit, start, drop, line):
    job = submit(rename_file_after_upload=True)
    hold = line.hold(line.in_mid_upload)
    worker = start(job)
    hold.wait()
    worker.signal(signal.SIGSTOP)
    line.mend()
    job = run_after_the_lease(job)
    made = drop.made()

    worker.signal(signal.SIGCONT)
    hold.let_go()
    worker.wait()

    job.refresh_from_db()
    drop.has_once(job)
    assert drop.made() == made
    assert "This worker lost contact with the database; the job goes on elsewhere." in texts(job)


def test_a_worker_that_slept_and_was_cut_off_comes_back_for_what_it_made(submit, start, drop, line):
    job = submit(rename_file_after_upload=True)
    line.faults.append(Cut(300_000))
    worker = start(job, "integrations.transports.sftp.leftovers.Leftovers.create_new")
    worker.wait_at_step()
    worker.signal(signal.SIGSTOP)
    job = run_after_the_lease(job)
    made = drop.made()

    worker.signal(signal.SIGCONT)
    worker.go_on()
    worker.wait()

    job.refresh_from_db()
    drop.has_once(job)
    assert drop.made() == made
    assert [text for text in texts(job) if "the connection was lost" in text]


def test_a_worker_that_slept_before_the_rename_leaves_it_to_the_next(submit, start, drop, line):
    drop.keep()
    job = submit(attempts=3)
    hold = line.hold(lambda: len(DATA) in drop.sizes().values())
    worker = start(job)
    hold.wait()
    worker.signal(signal.SIGSTOP)
    let_its_lease_end(job)
    jobs.reap()
    assert claim(job.pk)

    worker.signal(signal.SIGCONT)
    line.mend()
    hold.let_go()
    worker.wait()

    assert drop.file.read_bytes() == OLD
    drop.has_once(run_after_the_lease(job))


@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGKILL, "more memory than"), (signal.SIGSEGV, "ended by itself (SIGSEGV)")],
)
def test_a_killed_query_is_an_error_that_says_so(number, told, submit, start, drop, marketer):
    drop.keep()
    job = submit()
    worker = start(job, "console.engines.process.listen")
    worker.wait_at_step()
    [child] = wait_until(lambda: queries(worker.pid))

    os.kill(child, number)
    worker.go_on()
    worker.wait()

    job.refresh_from_db()
    assert (job.status, job.attempt) == ("error", 1)
    assert told in job.error
    drop.is_as_before(OLD)
    drop.has_once(run(jobs.retry(job, marketer)))


@pytest.mark.parametrize("moment", ["querying", "uploading", "hanging", "waiting"])
def test_a_kill_is_obeyed_within_seconds(moment, submit, start, drop, line, marketer):
    drop.keep()
    job = submit(ENDLESS if moment == "querying" else SQL, rename_file_after_upload=True)
    if moment == "uploading":
        line.always = Slow(bytes_per_second=200_000)
    if moment == "hanging":
        line.hold(line.in_mid_upload)
    if moment == "waiting":
        line.faults = [Cut(0)] * 20
    worker = start(job)
    worker.run_until(lambda: is_at(moment, job, worker, line))
    line.mend()

    jobs.kill(job, marketer)
    asked = time.monotonic()
    worker.wait(10)

    assert time.monotonic() - asked < 5
    job.refresh_from_db()
    assert (job.status, job.worker) == ("killed", "")
    drop.is_as_before(OLD)


def is_at(moment, job, worker, line):
    job.refresh_from_db()
    if moment == "querying":
        return job.phase == moment and queries(worker.pid)
    if moment == "waiting":
        return any("Retrying 3/" in text for text in texts(job))
    return line.in_mid_upload()


def test_a_kill_between_two_attempts_is_obeyed_at_once(submit, drop, line, reach, marketer):
    reach(max_connection_retry=0)
    line.faults = [Cut(200_000)]
    job = run(submit(attempts=3))
    assert (job.status, job.attempt) == ("queued", 1)

    jobs.kill(job, marketer)

    assert not jobs.run(job.pk)
    job.refresh_from_db()
    assert job.status == "killed"
    drop.is_as_before()


def test_what_an_outage_left_of_a_job_that_was_killed_is_removed_by_its_retry(
    submit, drop, line, reach, marketer
):
    reach(max_connection_retry=0)
    line.faults = [Cut(200_000), Cut(0)]
    job = run(submit(attempts=3))
    jobs.kill(job, marketer)
    [left] = drop.all()

    drop.has_once(run(jobs.retry(job, marketer)))

    assert left.name.startswith(".people.csv.")
    assert [text for text in texts(job) if f"{left.name} may be left on the server" in text]
