"""The socket of an SSH connection, with few calls to the system for each packet."""

import socket
import struct

READ_BYTES = 65_536
TIMEVAL = struct.Struct("ll")


class Wire(socket.socket):
    """A connected socket as paramiko uses one: it reads ahead, and the kernel keeps the time.

    paramiko reads each packet in two pieces, and a socket of Python with a timeout asks the
    kernel before each of its calls whether it would wait. While a file is sent, that is most of
    what the thread does that reads the server's answers, and it holds up the one that sends.
    """

    def __init__(self, connected: socket.socket):
        kind = connected.family, connected.type, connected.proto
        super().__init__(*kind, fileno=connected.detach())
        super().settimeout(None)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ahead = b""
        self.taken = 0  # bytes of what was read ahead

    def settimeout(self, seconds: float) -> None:
        """Let calls that wait longer raise TimeoutError."""
        whole, part = divmod(seconds, 1)
        limit = TIMEVAL.pack(int(whole), int(part * 1e6))
        for each in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.setsockopt(socket.SOL_SOCKET, each, limit)

    def recv(self, size: int) -> bytes:
        """Return up to so many bytes, and none at the end."""
        if self.taken == len(self.ahead):
            self.ahead, self.taken = in_time(super().recv, READ_BYTES), 0
        data = self.ahead[self.taken : self.taken + size]
        self.taken += len(data)
        return data

    def send(self, data: bytes) -> int:
        """Send the data. Return how many bytes of it went."""
        return in_time(super().send, data)


def in_time(call, argument):
    try:
        return call(argument)
    except BlockingIOError:  # So it is named where the kernel keeps the time.
        raise TimeoutError from None
