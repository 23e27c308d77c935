"""The socket that paramiko reads from and writes to."""

import socket

import pytest

from integrations.transports.sftp.wire import Wire


@pytest.fixture
def ends():
    """Both ends of a connection: paramiko's, and the server's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    wire = Wire(near)
    yield wire, far
    wire.close()
    far.close()


def test_bytes_come_in_the_pieces_that_are_asked_for(ends):
    wire, server = ends
    server.sendall(b"0123456789")
    server.close()

    read = [wire.recv(4), wire.recv(1), wire.recv(100), wire.recv(1)]

    assert b"".join(read) == b"0123456789"
    assert read[:2] == [b"0123", b"4"]
    assert read[-1] == b""


def test_waiting_ends_in_time(ends):
    wire, server = ends
    wire.settimeout(0.05)

    with pytest.raises(TimeoutError):
        wire.recv(1)
    server.sendall(b"later")

    wire.settimeout(20)
    assert wire.recv(9) == b"later"


def test_sending_to_who_does_not_read_ends_in_time(ends):
    wire, _ = ends
    wire.settimeout(0.05)

    with pytest.raises(TimeoutError):
        all(wire.send(bytes(1 << 20)) for _ in range(1000))


def test_a_reset_is_no_timeout(ends):
    wire, server = ends
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    server.close()

    with pytest.raises(ConnectionError):
        wire.recv(1)
