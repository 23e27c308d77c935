"""The two threads of an upload, on one processor for as long as it lasts."""

import os
import sys

import pytest

from integrations.errors import TransientError
from integrations.transports.sftp import Account, Connection, Files
from integrations.transports.sftp.open_file import LONG
from tests.servers import local_delivery

EVERYWHERE = os.sched_getaffinity(0) if sys.platform == "linux" else set()
PIECE = memoryview(bytes(100_000))
pytestmark = [
    pytest.mark.needs("sshd"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked for it"),
]


@pytest.fixture
def uploaded(sshd):
    """A file on its way, longer than what is worth a place, and its connection."""
    account = Account(sshd.host, sshd.port, sshd.username, private_key=sshd.private_key)
    with Connection(account, local_delivery()) as connection:
        files = Files(connection)
        file = files.create(files.full_path("out.csv", from_login_directory=True))
        for _ in range(LONG // len(PIECE) + 1):
            file.write(PIECE)
        yield file, connection.transport.native_id


def processors(*threads):
    return [os.sched_getaffinity(thread) for thread in threads]


@pytest.mark.parametrize("end", ["close", "abandon"])
def test_both_threads_share_a_processor_until_the_file_ends(uploaded, end):
    file, reader = uploaded
    everywhere = EVERYWHERE

    here, there = processors(0, reader)
    getattr(file, end)()

    assert here == there
    assert len(here) == 1
    assert processors(0, reader) == [everywhere, everywhere]


def test_the_sender_is_let_go_when_the_file_cannot_be_closed(uploaded):
    file, _ = uploaded
    everywhere = EVERYWHERE

    file.files.connection.transport.close()
    with pytest.raises(TransientError, match=r"out\.csv"):
        file.close()

    assert processors(0) == [everywhere]
