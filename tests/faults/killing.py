"""Processes of clusters that are killed at random, as a machine short of memory does it."""

import os
import random
import signal
from contextlib import suppress
from pathlib import Path

from console.models import Job
from tests.faults.processes import alive, descendants


class Killer:
    """Kills by chance; the same seed has the same order. A cluster that it ends is replaced."""

    def __init__(self, start_cluster, clusters, seed):
        self.start_cluster, self.clusters = start_cluster, clusters
        self.chance = random.Random(seed)
        self.turn, self.struck = [], []

    @property
    def kinds(self):
        return [self.worker, self.part, self.sentinel, self.leader, self.dispatcher, self.cluster]

    def strike(self):
        """Kill one thing, each kind once before one comes again. Return whether it was there."""
        if not self.turn:
            self.turn = self.chance.sample(self.kinds, len(self.kinds))
        killed = self.turn[-1]()
        if killed:
            self.struck.append(self.turn.pop().__name__)
        return killed

    def worker(self):
        """One that is at work on a job."""
        tokens = Job.objects.filter(status=Job.Status.RUNNING).values_list("worker", flat=True)
        return self.kill([int(token.partition("-")[0]) for token in tokens])

    def part(self):
        """Any process below the leader: an idle worker, what hands out messages, a query."""
        return self.kill([pid for leader in self.leaders() for pid in descendants(leader)])

    def sentinel(self):
        return self.kill([pid for leader in self.leaders() for pid in descendants(leader)[:1]])

    def leader(self):
        return self.kill(self.leaders())

    def dispatcher(self):
        return self.kill([pid for each in self.clusters for pid in each.parts(" dispatcher ")])

    def cluster(self):
        """The supervisor itself. Whoever keeps it running starts it again."""
        victim = self.chance.choice(self.clusters)
        victim.process.kill()
        victim.process.wait()
        self.clusters[self.clusters.index(victim)] = self.start_cluster()
        return True

    def leaders(self):
        return [pid for each in self.clusters for pid in each.parts("manage.py workers")]

    def kill(self, pids):
        pids = sorted(filter(alive, pids))
        if pids:
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(pids), signal.SIGKILL)
        return bool(pids)


def at_work_in(home: Path) -> list[str]:
    """Return the commands of the processes that work in the home, and of queries that write there.

    A query has no environment to know it by, but has its files open.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            ours = f"CONSOLE_HOME={home}".encode() in (folder / "environ").read_bytes()
            if ours or ("console.engines" in command and has_open(folder, home)):
                found.append(command)
    return found


def has_open(process, folder):
    return any(file.readlink().is_relative_to(folder) for file in (process / "fd").iterdir())
