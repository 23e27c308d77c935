"""What a command takes: seconds, CPU seconds and memory, of it and of all its children."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
EVERY = 0.02


@dataclass
class Cost:
    seconds: float
    cpu: float
    peak: int  # bytes resident, of all processes together


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
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak.bytes)


class Peak(threading.Thread):
    """The most memory that a session has held at one time, looked at 50 times a second."""

    def __init__(self, session: int):
        super().__init__(daemon=True)
        self.session = session
        self.bytes = 0
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(EVERY):
            self.bytes = max(self.bytes, resident(self.session))

    def stop(self):
        self.ended.set()
        self.join()


def resident(session: int) -> int:
    """Return the bytes of memory that the processes of the session hold now."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session:
            total += int(fields[21]) * PAGE
    return total
