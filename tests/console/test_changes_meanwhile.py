"""What happens while what changed is sent, and afterwards: failures that are handed back."""

import io
import os

import pyarrow.compute as pc
import pytest

from console import jobs
from console.jobs import delivering, running
from console.jobs.failures import mark
from console.models import Delivered
from console.queries.saving import delete
from integrations.contract import Broken, RowRule
from integrations.errors import PermanentError
from tests.console.receiver import SFTP, WORDS

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db(transaction=True)]
ANN, BOB, CID = (1, "ann", 1.5, False), (2, "bob", None, False), (3, "cid", 0.5, False)
NOT_CID = RowRule(
    name="not-cid",
    sentence="Not Cid.",
    source="T",
    check=lambda batch, settings: [Broken(pc.equal(batch["id"], 3), "It is Cid.")],
)
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


@pytest.fixture
def hand_back(monkeypatch):
    """A function that hands in a file of rows of a job, by their ids."""
    monkeypatch.setattr(SFTP, "failure_column", "Failure", raising=False)

    def hand_back(job, *ids):
        lines = ["id,Failure", *(f"{each},No such person" for each in ids)]
        mark(job, io.BytesIO("\n".join(lines).encode()), "mia")
        job.refresh_from_db()

    return hand_back


def test_failures_that_are_handed_in_while_the_next_run_sends_are_sent_again(
    receiver, meanwhile, hand_back
):
    receiver.offer(ANN, BOB)
    first = receiver.run()
    receiver.offer(ANN, BOB, CID)
    meanwhile(lambda: hand_back(first, 2))

    second = receiver.run()
    third = receiver.run()

    assert operations(receiver.rows(second)) == [("3", "added")]
    assert operations(receiver.rows(third)) == [("2", "added")]
    assert "nothing has changed" in receiver.run().receipt["skipped"]


@pytest.mark.parametrize("changed", [True, False], ids=["changed too", "added alone"])
def test_what_was_added_and_handed_back_is_added_until_it_arrives(
    receiver, hand_back, monkeypatch, changed
):
    receiver.change(changed=changed)
    receiver.offer(ANN, BOB)
    hand_back(receiver.run(), 2)
    with monkeypatch.context() as patch:
        patch.setattr(delivering, "signed", fails)
        failed = receiver.run()
    receiver.offer(ANN, (2, "bob", None, True))
    rejected = receiver.run()
    receiver.offer(ANN, BOB)
    job = receiver.run()

    assert failed.status == "error" and rejected.rejected == 1
    assert operations(receiver.rows(job)) == [("2", "added")]
    assert "nothing has changed" in receiver.run().receipt["skipped"]


def test_what_arrived_since_it_was_handed_back_is_not_sent_for_a_second_file(receiver, hand_back):
    receiver.offer(ANN, BOB)
    first = receiver.run()
    hand_back(first, 2)
    receiver.run()
    hand_back(first, 1)

    assert operations(receiver.rows(receiver.run())) == [("1", "added")]


def fails(*_):
    raise PermanentError("The line was cut.")


@pytest.mark.parametrize("tell", ["column", "files"])
def test_what_was_changed_and_handed_back_is_changed_again(receiver, hand_back, tell):
    receiver.change(tell=tell)
    receiver.offer(ANN, BOB)
    receiver.run()
    receiver.offer((1, "anna", 1.5, False), BOB, CID)
    hand_back(receiver.run(), 1, 3)

    assert receiver.run().compared["sent"] == {"added": 1, "changed": 1, "removed": 0}


def test_what_is_handed_back_from_rejects_that_were_sent_again_is_added_too(
    receiver, hand_back, monkeypatch
):
    receiver.change(changed=False, words=WORDS | {"added": "upsert", "changed": "upsert"})
    receiver.offer(ANN, BOB, CID)
    first = receiver.run()
    hand_back(first, 1, 2, 3)
    monkeypatch.setattr(SFTP, "contract", (NOT_CID,))
    again = receiver.run(jobs.resend(first, receiver.owner))
    hand_back(again, 2)
    monkeypatch.setattr(SFTP, "contract", ())

    assert (again.status, again.rejected) == ("success", 2), again.error
    assert receiver.run().compared["sent"] == {"added": 2, "changed": 0, "removed": 0}


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
