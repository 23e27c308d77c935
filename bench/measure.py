"""What a command takes: seconds, CPU seconds and memory, of it and of all its children.

A command that works as a worker does is *loaded*: it says READY once it has started, begins at a
line of its input, and says DONE. What it takes is counted between the two.
"""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
EVERY = 0.02
LOOKS = 5  # with the same members
TICK = os.sysconf("SC_CLK_TCK")
READY, DONE = "ready", "done"


@dataclass
class Cost:
    seconds: float
    cpu: float
    peak: int  # bytes resident, of all processes together
    start: float = 0  # seconds until a loaded one was ready, which are not among the others


def run(command: str) -> Cost:
    """Run the shell command in a session of its own and return what it took."""
    began = time.perf_counter()
    process = subprocess.Popen(["bash", "-o", "pipefail", "-c", command], start_new_session=True)
    peak = Peak(process.pid)
    peak.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    peak.stop()
    if process.returncode:
        raise SystemExit(f"This failed with status {process.returncode}: {command}")
    return Cost(round(seconds, 3), round(usage.ru_utime + usage.ru_stime, 3), peak.bytes)


def run_loaded(command: str) -> Cost:
    """Start the command, wait until it is ready, and return what its work took."""
    began = time.perf_counter()
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    heard(process, READY)
    start, before = time.perf_counter() - began, cpu_of(process.pid)
    peak = Peak(process.pid)
    peak.start()
    began = time.perf_counter()
    print(file=process.stdin, flush=True)
    heard(process, DONE)
    seconds, cpu = time.perf_counter() - began, cpu_of(process.pid) - before
    peak.stop()
    process.communicate()
    return Cost(round(seconds, 3), round(cpu, 3), peak.bytes, round(start, 3))


def heard(process: subprocess.Popen, word: str) -> None:
    """Wait for the word."""
    if process.stdout.readline().strip() != word:
        raise SystemExit(f"This ended before it was {word}: {process.args[-1]}")


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process, and of its children that have ended."""
    return sum(map(int, fields(Path(f"/proc/{pid}"))[11:15])) / TICK


class Peak(threading.Thread):
    """The most memory that a family of processes has held at one time, looked at 50 times a second.

    Pages that several of them share count for each: the figure is never too small by that. New
    members are looked for more seldom, which takes long enough to disturb what is measured.
    """

    def __init__(self, leader: int, without: int = 0):
        super().__init__(daemon=True)
        self.leader, self.without = leader, without
        self.bytes = 0
        self.ended = threading.Event()

    def run(self):
        for number in count():
            if number % LOOKS == 0:
                members = family(self.leader) - {self.without}
            self.bytes = max(self.bytes, resident(members))
            if self.ended.wait(EVERY):
                return

    def stop(self):
        self.ended.set()
        self.join()


def family(leader: int) -> set[int]:
    """Return the processes of the leader's session, and their descendants."""
    found = dict(each for each in map(read, Path("/proc").glob("[0-9]*")) if each)
    members = {pid for pid, (_, session, _) in found.items() if leader in (pid, session)}
    size = -1
    while len(members) != size:
        size = len(members)
        members |= {pid for pid, (parent, _, _) in found.items() if parent in members}
    return members


def resident(members: set[int]) -> int:
    """Return the bytes of memory that the processes hold now."""
    found = (read(Path(f"/proc/{pid}")) for pid in members)
    return sum(each[1][2] for each in found if each)


def read(folder: Path) -> tuple[int, tuple[int, int, int]] | None:
    """Return a process's number, and its parent, session and resident bytes."""
    try:
        found = fields(folder)
    except (FileNotFoundError, ProcessLookupError):
        return None  # It has ended.
    return int(folder.name), (int(found[1]), int(found[3]), int(found[21]) * PAGE)


def fields(folder: Path) -> list[str]:
    """Return what the kernel says of a process, behind its name."""
    # The name, in brackets, may hold blanks and brackets.
    return (folder / "stat").read_text().rpartition(")")[2].split()
