"""What happens to a query while its job is sending what changed."""

import io
import os

import pytest

from console import jobs
from console.jobs import delivering, running
from console.jobs.failures import mark
from console.models import Delivered
from console.queries.saving import delete
from tests.console.receiver import SFTP

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db(transaction=True)]
ANN, BOB, CID = (1, "ann", 1.5, False), (2, "bob", None, False), (3, "cid", 0.5, False)
BAD = (3, "cid", 0.5, True)


@pytest.fixture
def meanwhile(monkeypatch):
    """A function that lets something happen once the rows of the next job are there."""

    def meanwhile(happen):
        signed = delivering.signed

        def told(*given):
            monkeypatch.setattr(delivering, "signed", signed)
            happen()
            return signed(*given)

        monkeypatch.setattr(delivering, "signed", told)

    return meanwhile


def operations(rows):
    return [(row["id"], row["operation"]) for row in rows]


def test_failures_that_are_handed_in_while_the_next_run_sends_are_sent_again(
    receiver, meanwhile, monkeypatch
):
    monkeypatch.setattr(SFTP, "failure_column", "Failure", raising=False)
    receiver.offer(ANN, BOB)
    first = receiver.run()
    receiver.offer(ANN, BOB, CID)
    file = io.BytesIO(b"id,Failure\n2,No such person\n")
    meanwhile(lambda: mark(first, file, "mia"))

    second = receiver.run()
    third = receiver.run()

    assert operations(receiver.rows(second)) == [("3", "added")]
    assert operations(receiver.rows(third)) == [("2", "changed")]
    assert "nothing has changed" in receiver.run().receipt["skipped"]


@pytest.mark.parametrize("more", [CID, BAD], ids=["all taken", "one rejected"])
def test_a_job_whose_query_is_deleted_while_it_sends_ends_as_delivered(receiver, meanwhile, more):
    receiver.offer(ANN)
    receiver.run()
    receiver.offer(ANN, BOB, more)
    meanwhile(lambda: delete(receiver.query))

    job = receiver.run()

    assert (job.status, job.query) == ("success", None), job.error
    assert ("2", "added") in operations(receiver.rows(job))
    assert not Delivered.objects.exists()


@pytest.mark.parametrize("rows", [[BOB, CID], [BOB, BAD]], ids=["all taken", "one rejected"])
def test_files_that_go_with_a_query_while_its_job_sends_are_not_missed(
    receiver, monkeypatch, rows, settings
):
    receiver.offer(ANN)
    receiver.run()
    receiver.offer(ANN, *rows)
    exported = delivering.exported

    def gone(*given):
        delete(receiver.query)
        return exported(*given)

    monkeypatch.setattr(delivering, "exported", gone)
    job = receiver.run()

    assert (job.status, job.query) == ("success", None), job.error
    for path in settings.DELIVERED_DIR.rglob("*.parquet"):
        os.utime(path, (0, 0))
    jobs.prune()
    assert not list(settings.DELIVERED_DIR.rglob("*.parquet"))


def test_a_query_that_is_deleted_before_the_first_row_goes_is_not_remembered(receiver, monkeypatch):
    receiver.offer(ANN)
    check_volume = running.check_volume

    def gone(job):
        delete(receiver.query)
        check_volume(job)

    monkeypatch.setattr(running, "check_volume", gone)
    job = receiver.run()

    assert (job.status, job.query) == ("success", None), job.error
    assert not Delivered.objects.exists()
