"""Start the child that does one piece of work, at once or ahead of time.

A process in which people wait for answers keeps a few children ready. They have read nothing and
wait for their one request; each is locked down for it, and ends with it, like all others.
"""

import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

logger = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
IDLE_SECONDS = 600  # without a question, until those that are ready are let go


class Started(NamedTuple):
    """A child, and the file that it complains to."""

    child: subprocess.Popen
    said: IO


def start() -> Started:
    """Start a child in a session of its own, with nothing of this process's environment."""
    said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the child's end)
    child = subprocess.Popen(
        [sys.executable, "-m", "console.engines.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        cwd=ROOT,
        env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
        start_new_session=True,
    )
    return Started(child, said)


class Ready:
    """Children that wait for a request: so many, while there are questions."""

    def __init__(self, number: int):
        self.number = number
        self.waiting = deque()
        self.asked = threading.Event()
        # The kernel ends a child with the thread that started it: this one never ends.
        threading.Thread(target=self.keep, name="ready children", daemon=True).start()

    def take(self) -> Started | None:
        """Return a child that is ready, if there is one."""
        while self.waiting:
            try:
                found = self.waiting.popleft()
            except IndexError:  # Another thread was faster.
                break
            if found.child.poll() is None:
                return found
            let_go(found)
        return None

    def keep(self):
        while True:
            asked = self.asked.wait(IDLE_SECONDS)
            self.asked.clear()
            if asked:
                self.fill()
            else:
                self.empty()

    def fill(self):
        try:
            while len(self.waiting) < self.number:
                self.waiting.append(start())
        except OSError as error:  # A question then starts its own, and is told if it cannot.
            logger.warning("No process could be started ahead: %s", error)

    def empty(self):
        while found := self.take():
            let_go(found)


def let_go(started: Started) -> None:
    """End a child that was asked nothing."""
    started.child.kill()
    started.child.wait()
    for pipe in (started.child.stdin, started.child.stdout, started.said):
        pipe.close()


ready: Ready | None = None
first = threading.Lock()


def keep_ready(number: int) -> None:
    """Have so many children ready in this process from now on."""
    global ready
    with first:
        ready = ready or Ready(number)


@contextmanager
def one() -> Iterator[Started]:
    """Give a child that waits for its request. Others get ready once it is done."""
    found = (ready and ready.take()) or start()
    try:
        with found.said:
            yield found
    finally:
        if ready:
            ready.asked.set()
