"""The line between the console and a server: a proxy on which faults are waiting."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

RESET = struct.pack("ii", 1, 0)  # linger 0: close with a reset
PACE = 0.005  # seconds between looks of one who holds the line


class Over(Exception):
    """The connection ends here."""


class Fault:
    """What becomes of the bytes of a connection: by itself, nothing."""

    reset = False  # whether a cut is a reset in place of an end

    def up(self, passed: int, data: bytes) -> Iterator[bytes]:
        """Yield what goes on to the server, after so many bytes before it. Raise Over to cut."""
        yield data

    def down(self, passed: int, data: bytes) -> Iterator[bytes]:
        """Yield what goes on to the client."""
        yield data


@dataclass
class Cut(Fault):
    """The connection ends after so many bytes to the server, or from it."""

    after: int
    reset: bool = False
    answers: bool = False  # count what comes from the server

    def up(self, passed, data):
        return iter([data]) if self.answers else self.cut(passed, data)

    def down(self, passed, data):
        return self.cut(passed, data) if self.answers else iter([data])

    def cut(self, passed, data):
        yield data[: max(0, self.after - passed)]
        if passed + len(data) >= self.after:
            raise Over


@dataclass
class FarCut(Cut):
    """A cut of a line on which everything takes its time: uploads go over several channels."""

    latency: float = 0.015  # seconds
    over: threading.Event = field(default_factory=threading.Event)

    def up(self, passed, data):
        self.over.wait(self.latency)
        return super().up(passed, data)


@dataclass
class Swallow(Fault):
    """The connection ends before the server's next answer, once the condition is true."""

    when: Callable[[], bool]

    def down(self, passed, data):
        if self.when():
            raise Over
        yield data


@dataclass
class Hold(Fault):
    """From a moment on nothing passes and nothing closes, until it is let go."""

    when: Callable[[], bool]
    answers: bool = False  # hold what comes from the server; what goes to it passes
    reached: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)

    def up(self, passed, data):
        return iter([data]) if self.answers else self.held(data)

    def down(self, passed, data):
        return self.held(data)

    def held(self, data):
        if self.reached.is_set() or self.when():
            self.reached.set()
            self.gone.wait()
        yield data

    def wait(self, seconds=60):
        assert self.reached.wait(seconds), "the line was never held"

    def let_go(self):
        self.gone.set()


@dataclass
class Slow(Fault):
    """Bytes come late, few in a second, or in slices."""

    latency: float = 0.0  # seconds for each of the chunks
    bytes_per_second: float = float("inf")
    slices: int = 65_536  # bytes
    over: threading.Event = field(default_factory=threading.Event)

    def up(self, passed, data):
        return self.sliced(data)

    def down(self, passed, data):
        return self.sliced(data)

    def sliced(self, data):
        self.over.wait(self.latency)
        for start in range(0, len(data), self.slices):
            piece = data[start : start + self.slices]
            self.over.wait(len(piece) / self.bytes_per_second)
            yield piece


class Line:
    """A way to a server. Each connection meets the next fault; without one, the last that stays."""

    def __init__(self, server):
        self.target = server.host, server.port
        self.faults = []  # one for each of the connections to come
        self.always = Fault()  # for those after them
        self.sent = 0  # bytes to the server, over all connections
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self.listener.getsockname()
        self.sockets = [self.listener]
        self.holds = []
        threading.Thread(target=self.accept, daemon=True).start()

    def held(self, when, *, answers=False) -> Hold:
        """Return a hold for one of the next connections; it is let go with the line."""
        hold = Hold(when, answers=answers)
        self.holds.append(hold)
        return hold

    def hold(self, when, *, answers=False) -> Hold:
        """Hold all connections once the condition is true."""
        self.always = self.held(when, answers=answers)
        return self.always

    def in_mid_upload(self):
        return self.sent > 200_000

    def mend(self):
        """Let connections to come pass as they are."""
        self.faults.clear()
        self.always = Fault()

    def accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.connections += 1
                self.connect(client, self.faults.pop(0) if self.faults else self.always)

    def connect(self, client, fault):
        try:
            server = socket.create_connection(self.target)
        except OSError:
            return end(client, reset=True)
        self.sockets += client, server
        for source, sink, way in ((client, server, self.count(fault.up)),
                                  (server, client, fault.down)):  # fmt: skip
            run = threading.Thread(target=copy, args=(source, sink, way, fault), daemon=True)
            run.start()
        return None

    def count(self, way):
        def counted(passed, data):
            for piece in way(passed, data):
                self.sent += len(piece)
                yield piece

        return counted

    def close(self):
        for hold in self.holds:
            hold.let_go()
        for each in self.sockets:
            end(each, reset=False)


def copy(source, sink, way, fault):
    passed = 0
    with suppress(OSError, Over):
        while data := source.recv(65_536):
            for piece in way(passed, data):
                sink.sendall(piece)
            passed += len(data)
    end(source, reset=fault.reset)
    end(sink, reset=fault.reset)


def end(socket_, *, reset):
    with suppress(OSError):
        if reset:
            socket_.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        # Wakes the other thread that reads from it, and without which nothing closes.
        socket_.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
    socket_.close()


def until(condition, seconds=30, pace=PACE):
    """Wait for a condition on files or processes; fail when it never comes."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        threading.Event().wait(pace)
    return result
