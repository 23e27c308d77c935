"""Faults at random while the real cluster delivers. With CONSOLE_TESTS_SOAK=1, for minutes."""

import os
import random
import signal
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from console import jobs
from console.models import Job
from tests.faults.deliveries import Drop, texts
from tests.faults.line import Cut, until
from tests.faults.processes import alive, descendants, state_of

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.django_db(transaction=True),
]
SOAK = bool(os.environ.get("CONSOLE_TESTS_SOAK"))
FAULTS, EVERY, JOBS = (30, 3.0, 6) if SOAK else (4, 1.0, 3)  # EVERY so many seconds
PATIENCE = 120  # seconds until something is there to be struck, and until the last jobs have ended
LOOK = 0.2  # seconds between looks at all jobs
# Another query would have other rows: what is delivered has to be what was kept.
ROWS = (
    "SELECT x AS n, cast(random() * 1000000000 AS bigint) AS chance, "
    "lpad(cast(x AS varchar), 40, '.') AS text FROM UNNEST(sequence(1, 8000)) t(x)"
)


class Storm:
    """Faults, one after the other, and the time that has to pass until they are noticed."""

    def __init__(self, cluster, line, seed):
        self.cluster, self.line = cluster, line
        self.chance = random.Random(seed)
        self.stopped = set()
        self.struck = []

    def strikes(self):
        """Do one thing. Return what, or nothing where there is nothing to do it to."""
        self.let_time_pass()
        faults = [self.kill_a_busy_worker, self.stop_a_busy_worker, self.cut, self.fall_silent]
        if SOAK:
            faults += [self.kill_any_worker, self.kill_the_leader, self.kill_the_dispatcher]
        # Each once, before one comes again.
        turn = len(self.struck) // len(faults) * len(faults)
        fault = self.chance.choice([each for each in faults if each not in self.struck[turn:]])
        if fault():
            self.struck.append(fault)
        return self.struck[-1:] == [fault]

    def busy(self):
        tokens = Job.objects.filter(status=Job.Status.RUNNING).values_list("worker", flat=True)
        pids = [int(token.partition("-")[0]) for token in tokens]
        return [pid for pid in pids if alive(pid) and pid not in self.stopped]

    def kill_a_busy_worker(self):
        return self.signal(self.busy(), signal.SIGKILL)

    def stop_a_busy_worker(self):
        struck = self.signal(self.busy(), signal.SIGSTOP)
        self.stopped.update(struck)
        return struck

    def kill_any_worker(self):
        leaders = self.cluster.parts("manage.py workers")
        return self.signal([pid for each in leaders for pid in descendants(each)], signal.SIGKILL)

    def kill_the_leader(self):
        return self.signal(self.cluster.parts("manage.py workers")[:1], signal.SIGKILL)

    def kill_the_dispatcher(self):
        return self.signal(self.cluster.parts("manage.py dispatcher"), signal.SIGKILL)

    def signal(self, pids, number):
        if not pids:
            return []
        pid = self.chance.choice(pids)
        os.kill(pid, number)
        return [pid]

    def cut(self):
        reset = self.chance.random() < 0.5
        self.line.faults.append(Cut(self.chance.randrange(400_000), reset=reset))
        return True

    def fall_silent(self):
        after = self.line.sent + self.chance.randrange(400_000)
        self.line.faults.append(self.line.held(lambda: self.line.sent > after))
        return True

    def let_time_pass(self):
        """Let the leases of the dead and the stopped end, and the waits for further attempts.

        Who was stopped in the middle of a write has the database to itself: it is woken.
        """
        try:
            self.end_waits()
        except OperationalError:
            self.wake()

    def end_waits(self):
        past = timezone.now() - timedelta(seconds=1)
        for job in Job.objects.filter(status=Job.Status.RUNNING):
            if state_of(job.worker.partition("-")[0]) in ("", "Z", "T"):
                Job.objects.filter(pk=job.pk, worker=job.worker).update(lease_until=past)
        Job.objects.filter(status=Job.Status.QUEUED).update(not_before=None)
        jobs.reap()

    def is_over(self):
        self.let_time_pass()
        return not unfinished()

    def wake(self):
        """Let those who were stopped go on: by now their jobs are others'."""
        for pid in self.stopped:
            if state_of(pid) == "T":
                os.kill(pid, signal.SIGCONT)
        self.stopped.clear()


def wait(seconds, work):
    """Do the work again and again for some seconds."""
    ends = time.monotonic() + seconds
    until(lambda: work() or time.monotonic() > ends, seconds + PATIENCE, LOOK)


def unfinished():
    return Job.objects.exclude(status__in=Job.FINISHED).count()


def test_whatever_happens_each_job_delivers_its_file_once(
    submit, start_cluster, reach, server, line
):
    reach(timeout=4)
    cluster = start_cluster()
    storm = Storm(cluster, line, seed=os.environ.get("CONSOLE_TESTS_SEED", "1"))
    submitted = [submit_one(submit, number) for number in range(JOBS)]
    for _ in range(FAULTS):
        until(storm.strikes, PATIENCE, LOOK)
        wait(EVERY, storm.let_time_pass)
        while unfinished() < JOBS:
            submitted.append(submit_one(submit, len(submitted)))
        storm.wake()
    line.mend()
    until(storm.is_over, PATIENCE, LOOK)

    assert cluster.stop() == 0
    kept = {job.pk: check(job, server) for job in submitted}
    left = {path.name for path in Drop(server).all()} - set(kept.values())
    assert not left, story(storm, submitted)
    assert not Job.objects.exclude(worker="", lease_until=None).exists()


def story(storm, submitted):
    """Return what was done to the jobs, and what they say of it."""
    told = [f"{job}: {text}" for job in submitted for text in texts(job)]
    return "\n".join([str([fault.__name__ for fault in storm.struck]), *told])


def submit_one(submit, number):
    return submit(
        ROWS, attempts=50, path=f"/in/{number}.csv", rename_file_after_upload=number % 2 == 0
    )


def check(job, server):
    """Assert that the job has delivered what it keeps, once. Return the name of the file."""
    job.refresh_from_db()
    assert job.status == "success", (job.error, texts(job))
    [file] = job.receipt["files"]
    name = file["path"].rpartition("/")[2]
    kept = b"".join(jobs.csv_lines(job)).replace(b"\r\n", b"\n")
    assert (server.root / "in" / name).read_bytes() == kept
    assert len([text for text in texts(job) if text.startswith("Delivered")]) == 1
    return name
