"""What happens to a query while its job is sending what changed."""

import io

import pytest

from console.jobs import delivering
from console.jobs.failures import mark
from tests.console.receiver import SFTP

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db(transaction=True)]
ANN, BOB, CID = (1, "ann", 1.5, False), (2, "bob", None, False), (3, "cid", 0.5, False)


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
