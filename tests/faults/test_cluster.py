"""The real cluster with a real server: its workers are killed, or told to stop, in mid-upload."""

import os
import signal

import pytest
from django_q.brokers import get_broker
from django_q.models import OrmQ

from console import jobs
from tests.faults.deliveries import let_its_lease_end, run_after_the_lease, worker_of
from tests.faults.line import until

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.django_db(transaction=True),
]


def ended(job):
    job.refresh_from_db()
    return job.finished


def test_a_killed_upload_is_done_again_and_a_stop_waits_for_the_next(
    submit, start_cluster, drop, line
):
    cluster = start_cluster()
    job = submit()
    hold = line.hold(line.in_mid_upload)
    hold.wait()

    os.kill(worker_of(job), signal.SIGKILL)
    line.mend()
    until(lambda: "it is started again" in cluster.said())  # The other workers go as well.
    let_its_lease_end(job)
    jobs.reap()

    until(lambda: ended(job), 60)
    assert job.attempt == 2
    drop.has_once(job)

    line.sent = 0
    hold = line.hold(line.in_mid_upload)
    job = submit()
    hold.wait()
    cluster.process.terminate()
    hold.let_go()

    assert cluster.process.wait(30) == 0
    assert ended(job) and job.attempt == 1
    drop.has_once(job)


def test_an_upload_that_a_stop_cuts_off_is_done_again(submit, start_cluster, drop, line):
    cluster = start_cluster(drain=0.5)
    job = submit()
    hold = line.hold(line.in_mid_upload)
    hold.wait()

    assert cluster.stop(30) == 0
    assert "Running jobs are cut off; they are run again after the next start." in cluster.said()
    line.mend()

    job = run_after_the_lease(job)
    assert job.attempt == 2
    drop.has_once(job)


def in_hand():
    """Return how many messages have been taken. The dispatcher can send more at any time."""
    return OrmQ.objects.count() - get_broker().queue_size()


def test_a_cluster_that_is_told_to_stop_begins_no_other_job(
    submit, start_cluster, drop, line, marketer
):
    cluster = start_cluster(workers=1)
    hold = line.hold(line.in_mid_upload)
    uploading = submit()
    hold.wait()
    others = [jobs.submit("SELECT 1", database="shop", owner=marketer) for _ in range(2)]
    until(lambda: in_hand() == 3)  # The workers' own queue has their messages.

    cluster.process.terminate()
    until(cluster.is_stopping)
    hold.let_go()

    assert cluster.process.wait(30) == 0
    assert ended(uploading) and not any(map(ended, others))
    assert [job.attempt for job in others] == [0, 0]
    drop.has_once(uploading)
    start_cluster()
    until(lambda: all(map(ended, others)), 60)
