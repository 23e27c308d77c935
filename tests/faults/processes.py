"""Worker processes that a test starts, stops at a step, kills."""

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from django.core.cache.backends.filebased import FileBasedCache
from django.db import connection
from django_q.conf import Conf
from django_q.signing import SignedPackage

from tests.faults.line import until

ROOT = Path(__file__).parents[2]


class Worker:
    """A process that runs one job. With a step it stops there, and says so.

    Other programs can be given a number in the place of a job.
    """

    program = "tests.faults.worker"

    def __init__(self, home: Path, job, *steps: str):
        number = str(getattr(job, "pk", job))
        self.log = (home / f"worker-{number}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.program, number, *steps],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=ROOT,
            env=environment(home),
        )
        self.pid = self.process.pid

    def wait_at_step(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        assert ready and self.process.stdout.readline() == b"here\n", self.said()

    def run_until(self, condition):
        """Wait for a condition while it works."""

        def met():
            assert self.process.poll() is None, self.said()
            return condition()

        until(met)

    def said(self):
        return Path(self.log.name).read_text()

    def go_on(self):
        self.process.stdin.close()

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        """End it as the kernel does when memory is short. Nothing of it may live on."""
        family = descendants(self.pid)
        self.signal(signal.SIGKILL)
        self.process.wait()
        until(lambda: not any(map(alive, family)), 10)

    def wait(self, seconds=60):
        """Wait until it has done its work."""
        assert self.process.wait(seconds) == 0, self.said()

    def close(self):
        with suppress(ProcessLookupError):
            self.signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.log):
            pipe.close()


class Ticking(Worker):
    """A process that ticks once, after the job."""

    program = "tests.faults.ticking"


class Cluster:
    """The real cluster: its supervisor, and all that it starts."""

    def __init__(self, home: Path, drain: float = 30, command=(), workers=2):
        self.cache = FileBasedCache(home / "cache", {})
        self.log = (home / "cluster.log").open("ab")
        usual = [sys.executable, "manage.py", "cluster", "--drain", str(drain)]
        self.process = subprocess.Popen(
            command or usual,
            stdout=self.log,
            stderr=self.log,
            cwd=ROOT,
            env=environment(home) | {"CONSOLE_WORKERS": str(workers)},
        )

    def parts(self, word: str) -> list[int]:
        """Return its processes whose command has the word."""
        return [pid for pid in descendants(self.process.pid) if word in command_of(pid)]

    def stop(self, seconds=60):
        """Tell it to stop. Return its status; nothing that it started is left then."""
        family = descendants(self.process.pid)
        self.process.terminate()
        status = self.process.wait(seconds)
        until(lambda: not any(map(alive, family)), 10)
        return status

    def is_stopping(self):
        """Return whether the workers say that they end."""
        told = [self.cache.get(key) for key in self.cache.get(Conf.Q_STAT) or ()]
        return any(SignedPackage.loads(each).status == Conf.STOPPING for each in told if each)

    def said(self):
        return Path(self.log.name).read_text()

    def close(self):
        for pid in descendants(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        if self.process.poll() is None:
            self.stop()
        self.log.close()


def environment(home):
    """Return the environment of a process that works in the home."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CONSOLE_")}
    reach = {"CONSOLE_HOME": str(home), "CONSOLE_EGRESS_NETWORKS": "127.0.0.0/8"}
    if address := os.environ.get("CONSOLE_DATABASE_URL"):
        server = address.rpartition("/")[0]
        reach["CONSOLE_DATABASE_URL"] = f"{server}/{connection.settings_dict['NAME']}"
    return ours | reach


def descendants(pid) -> list[int]:
    """Return the processes that a process started, and those that they started."""
    with suppress(FileNotFoundError, ProcessLookupError):
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
        children = [int(child) for text in lists for child in text.split()]
        return children + [each for child in children for each in descendants(child)]
    return []


def queries(pid) -> list[int]:
    """Return the processes below one that run a query."""
    return [each for each in descendants(pid) if name_of(each) == "query"]


def name_of(pid) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def alive(pid):
    return state_of(pid) not in ("", "Z")


def command_of(pid) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def state_of(pid) -> str:
    """Return the letter of its state: T for stopped, Z for dead, nothing where it is gone."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    return ""
