"""Keeps the worker processes running: restarts what died or wedged, and stops it all together."""

import logging
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from pathlib import Path

from console import logs
from console.orphans import end_with
from console.priority import give_way

POLL = 0.1  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30  # seconds before a restart
STEADY_AFTER = 60  # seconds of running after which trouble counts as new
# Seconds after the start: workers have the processors to themselves until they take jobs.
DISPATCHER_AFTER, ERRANDS_AFTER = 1, 20
WORKERS_NICE, ERRANDS_NICE = 5, 19
# A worker that dies can take the lock of the shared queue with it: django-q starts another,
# which never gets a task again. These lines are the only sign of it.
WEDGED = re.compile(
    r"reincarnated worker .* after death|reincarnated (monitor|pusher) .* after sudden death"
)


class Child:
    """A process with a group of its own, started again whenever it ends or wedges."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        after: float = 0,
        niceness: int = 0,
        inherits: Collection[int] = (),  # open files
    ):
        self.name, self.command = name, command
        self.niceness, self.inherits = niceness, inherits
        self.process = None
        self.wedged = threading.Event()
        self.starts_at = time.monotonic() + after
        self.started = 0.0
        self.pause = FIRST_PAUSE

    def look(self) -> None:
        """Start it when it is time to; end what is left of it when it died or wedged."""
        if self.process is None:
            if time.monotonic() >= self.starts_at:
                self.try_to_start()
        elif self.wedged.is_set() or self.process.poll() is not None:
            self.bury()

    def try_to_start(self):
        """Start it, or come back later where the machine has no room for a process."""
        try:
            self.start()
        except OSError as error:
            say(f"{self.name} cannot be started: {error}.")
            self.wait_longer()

    def wait_longer(self):
        self.starts_at = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def start(self):
        self.wedged.clear()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=self.inherits,
            preexec_fn=partial(self.settle, os.getpid()),
        )
        threading.Thread(target=self.relay, args=(self.process,), daemon=True).start()

    def settle(self, supervisor):
        """Set up the new process, before it has its program."""
        end_with(supervisor)
        give_way(self.niceness)

    def relay(self, process):
        """Pass on what the process says, and listen for the sign that it is wedged."""
        with process.stdout as lines:
            for line in lines:
                say(line.rstrip("\n"), self.name)
                if WEDGED.search(line):
                    self.wedged.set()

    def bury(self):
        """Kill the whole group: its orphans would go on taking work. Start again after a pause."""
        why = "is wedged" if self.wedged.is_set() else f"ended ({self.process.poll()})"
        self.kill()
        if time.monotonic() - self.started > STEADY_AFTER:
            self.pause = FIRST_PAUSE
        say(f"{self.name} {why}; it is started again in {self.pause:g} seconds.")
        self.wait_longer()
        self.process = None

    def ask_to_end(self):
        """Tell the leader only: it ends the rest of its group in order."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Errand(Child):
    """A process that is started once."""

    def bury(self):
        """Leave it at that, however it ended."""
        status = self.process.poll()
        self.kill()
        self.process, self.starts_at = None, math.inf
        if status:
            say(f"{self.name} ended ({status}).")


class Supervisor:
    """Runs children until it is told to stop; a second time means at once."""

    def __init__(self, children: list[Child], *, drain: float):
        self.children, self.drain = children, drain
        self.stops = 0

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        try:
            while not self.stops:
                for child in self.children:
                    child.look()
                time.sleep(POLL)
            self.end()
        finally:
            for child in self.children:
                child.kill()

    def stop(self, *_):
        self.stops += 1

    def end(self):
        """Let running jobs finish, for a while."""
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + self.drain
        while any(child.alive() for child in self.children):
            if self.stops > 1 or time.monotonic() > deadline:
                say("Running jobs are cut off; they are run again after the next start.")
                return
            time.sleep(POLL)


def say(text, who="The cluster"):
    """Write a line of the log. Where the disk is full, say, all goes on without it."""
    with suppress(OSError, ValueError):
        sys.stdout.write(as_event(text, who) + "\n")
        sys.stdout.flush()


def as_event(text, who):
    """Return a line in the format of the log, where it is not already."""
    if os.environ.get("CONSOLE_LOG_FORMAT") != "json" or text.startswith("{"):
        return text
    return logs.Json().format(
        logging.makeLogRecord({"name": who, "msg": text, "levelname": "INFO"})
    )


def supervise(drain: float) -> None:
    """Run the workers and the dispatcher until told to stop."""
    manage = [sys.executable, str(Path(__file__).parents[1] / "manage.py")]
    say("Workers and dispatcher are starting. Ctrl-C stops them.")
    children = [
        # Somebody waits for a page, and for the tick; nobody for the last half second of a job.
        Child("The queue of workers", [*manage, "workers"], niceness=WORKERS_NICE),
        Child("The dispatcher", [*manage, "dispatcher"], after=DISPATCHER_AFTER),
        Errand(
            "What prepares large exports",
            [*manage, "prepare"],
            after=ERRANDS_AFTER,
            niceness=ERRANDS_NICE,
        ),
    ]
    Supervisor(children, drain=drain).run()
    say("Workers and dispatcher have stopped.")


if __name__ == "__main__":
    # As `manage.py cluster` does, without loading Django first.
    supervise(float(sys.argv[1]))
