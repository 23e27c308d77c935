"""A way to a server with distance: `delay.py TARGET_PORT ROUND_TRIP_MS` prints its own port.

Every byte arrives half a round trip after it was sent, in both directions, however many are on
their way: distance is added, the bandwidth stays what it is. A new connection takes a whole
round trip more, as the greetings of TCP do.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread

PIECE = 1 << 18


@contextmanager
def running(target: int, milliseconds: float) -> Iterator[int]:
    """Yield the port of 127.0.0.1 from which the server is this round trip away."""
    command = [sys.executable, __file__, str(target), str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def serve(target: int, seconds: float) -> None:
    """Accept connections until the process is ended."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            Thread(target=connect, args=(client, target, seconds), daemon=True).start()


def connect(client: socket.socket, target: int, seconds: float) -> None:
    time.sleep(seconds)
    server = socket.create_connection(("127.0.0.1", target))
    for end in (client, server):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for source, sink in ((client, server), (server, client)):
        waiting = SimpleQueue()
        Thread(target=receive, args=(source, waiting, seconds / 2), daemon=True).start()
        Thread(target=pass_on, args=(waiting, sink, source), daemon=True).start()


def receive(source: socket.socket, waiting: SimpleQueue, seconds: float) -> None:
    """Note for all that comes when it is to arrive; nothing at all means the end."""
    piece = True
    while piece:
        try:
            piece = source.recv(PIECE)
        except OSError:
            piece = b""
        waiting.put((time.monotonic() + seconds, piece))


def pass_on(waiting: SimpleQueue, sink: socket.socket, source: socket.socket) -> None:
    with suppress(OSError):
        while True:
            due, piece = waiting.get()
            time.sleep(max(0, due - time.monotonic()))
            if not piece:
                sink.shutdown(socket.SHUT_WR)
                return
            sink.sendall(piece)
    with suppress(OSError):  # Nobody listens any more: let the sender know.
        source.shutdown(socket.SHUT_RD)


if __name__ == "__main__":
    serve(int(sys.argv[1]), float(sys.argv[2]) / 1000)
