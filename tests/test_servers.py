"""The servers that tests start answer themselves, and not for one before them."""

import socket

import pytest

from tests.servers import free_port, is_free


def test_a_port_is_free_once_nobody_listens_there():
    with socket.create_server(("127.0.0.1", free_port())) as before:
        child = before.dup()  # as a server's child has it for a moment
        port = before.getsockname()[1]
        assert not is_free(port)

    assert not is_free(port)
    child.close()
    assert is_free(port)


@pytest.mark.needs("sshd", "ssh-keygen")
def test_a_server_that_is_started_again_answers_at_once(sshd):
    for _ in range(5):
        with socket.create_connection((sshd.host, sshd.port), 5):
            sshd.restart()
        with socket.create_connection((sshd.host, sshd.port), 5) as client:
            assert client.recv(4) == b"SSH-"
