"""Start the child that does one piece of work: it is forked from a process that is ready for it.

To load DuckDB takes longer than most queries. So the first one starts a process that has loaded it
(`forking.py`), and each child is a fork of that process. A child has read nothing before its one
request; it is locked down for it, and ends with it.
"""

import atexit
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
IDLE_SECONDS = 600  # without a child, until the process that they are forked from ends
ANSWER_SECONDS = 60  # to load DuckDB, and to fork
MESSAGE = 64  # bytes of what is told on a line, at most
LOST = 256  # in the place of a status that nobody is left to tell
TRIES = 3  # It may have ended for that reason, just as it is asked.
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "PATH": os.defpath,
    # Nothing that a child loads may start a thread: the kernel's lock holds for one alone. What is
    # freed in one arena is of no use to another, and DuckDB would have four of them for each core:
    # with one for two cores queries take some 20 MB less, and no more time.
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false,narenas:1",
    "DUCKDB_JE_MALLOC_CONF": f"narenas:{max(1, (os.cpu_count() or 1) // 2)}",
    "ARROW_DEFAULT_MEMORY_POOL": "jemalloc",
}


class Child:
    """A process that does one piece of work: what it says, and how it ends.

    It leads a session of its own, so its id is that of its group too.
    """

    def __init__(self, said: IO):
        self.line, self.told = socket.socketpair(type=socket.SOCK_SEQPACKET)
        reading, writing = os.pipe()
        self.stdout, self.output = os.fdopen(reading, "rb"), os.fdopen(writing, "wb")
        self.said = said
        self.pid = 0
        self.returncode: int | None = None

    def begin(self, server: socket.socket, path: Path) -> bool:
        """Return whether a server has forked it, for the request at a path."""
        with self.told, self.output, suppress(BrokenPipeError, ConnectionResetError):
            files = [each.fileno() for each in (self.output, self.said, self.told)]
            socket.send_fds(server, [os.fsencode(path)], files)
        try:
            what, number = self.heard(ANSWER_SECONDS)
        except TimeoutError:
            return False
        if what == "refused":
            raise OSError(number, os.strerror(number))
        if what == "ended":  # before it could tell its id
            self.returncode = number
        self.pid = number if what == "begun" else 0
        return what != "lost"

    def heard(self, seconds: float | None) -> tuple[str, int]:
        """Return what is told next on the line: a word and a number."""
        self.line.settimeout(seconds)
        try:
            what, _, number = self.line.recv(MESSAGE).decode().partition(" ")
        except ConnectionResetError:
            what = ""
        return (what, int(number)) if what else ("lost", LOST)

    def wait(self, timeout: float | None = None) -> int:
        """Return its status once it has ended, as Popen does.

        Where nobody is left to tell it, that is LOST, and the kernel has ended it.
        """
        if self.returncode is None:
            try:
                _, self.returncode = self.heard(timeout)
            except TimeoutError:
                raise subprocess.TimeoutExpired("query", timeout) from None
        return self.returncode

    def kill(self, sign: int) -> bool:
        """Send it and all that it has started a signal. Return whether there was somebody."""
        if not self.pid or self.returncode == LOST:
            return False
        try:
            os.killpg(self.pid, sign)
        except ProcessLookupError:
            return False
        return True

    def close(self) -> None:
        """Let it go: it is ended now, if it has not."""
        self.line.close()
        self.stdout.close()


class Server:
    """The process that the children of this one are forked from."""

    def __init__(self):
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (as long as the process)
        self.socket, other = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with other:
            numbers = [other.fileno(), IDLE_SECONDS]
            self.process = subprocess.Popen(
                [sys.executable, "-m", "console.engines.forking", *map(str, numbers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.said,
                pass_fds=numbers[:1],
                cwd=ROOT,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        # It ends when it likes to: nothing of it shall stay among the processes then.
        threading.Thread(target=self.process.wait, name="fork server", daemon=True).start()

    def fork(self, path: Path, said: IO) -> Child | None:
        """Return a child, or None where this server has ended."""
        child = Child(said)
        try:
            if child.begin(self.socket, path):
                return child
        except OSError:
            child.close()
            raise
        child.close()
        return None

    def end(self) -> str:
        """End it, with its children. Return what it complained of."""
        self.socket.close()
        self.process.kill()
        self.process.wait()
        with self.said:
            self.said.seek(0)
            return self.said.read()[-2000:]


server: Server | None = None
asking = threading.Lock()


def fork(path: Path, said: IO) -> Child:
    """Return a child of the server, of a new one where that has ended."""
    global server
    with asking:
        for _ in range(TRIES):
            server = server or Server()
            if child := server.fork(path, said):
                return child
            trace = server.end()
            server = None
    raise RuntimeError(f"The process that queries are forked from does not start: {trace}")


@contextmanager
def child_for(path: Path) -> Iterator[Child]:
    """Give a child that does the request at a path. It is gone afterwards."""
    with tempfile.TemporaryFile("w+") as said:
        child = fork(path, said)
        try:
            yield child
        finally:
            child.close()


def end() -> None:
    """End the server, if there is one."""
    global server
    if server:
        server.end()
        server = None


def forget() -> None:
    """Leave the server to the process that this one was forked from."""
    global server, asking
    if server:
        server.socket.close()
        server = None
    asking = threading.Lock()


atexit.register(end)
os.register_at_fork(after_in_child=forget)
