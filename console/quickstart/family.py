"""Which processes a process has started, and they in turn."""

import subprocess
from pathlib import Path
from typing import NamedTuple


class Relative(NamedTuple):
    pid: int
    began: str  # with the pid it names a process for good: numbers are used again


def family(pids):
    """Return the processes with these numbers, and all that they have started."""
    parents = dict(processes())
    members, size = set(pids), 0
    while len(members) != size:
        size = len(members)
        members |= {relative.pid for relative, parent in parents.items() if parent in members}
    return {relative for relative in parents if relative.pid in members}


def processes():
    """Return (process, number of its parent) of all there are."""
    return from_proc() if Path("/proc/self/stat").exists() else from_ps()


def from_proc():
    """Read Linux's own list: small machines have no ps."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has ended since.
        # The name, in brackets, may hold blanks and brackets.
        state, parent, *rest = text[text.rindex(")") + 1 :].split()
        if state != "Z":
            found.append((Relative(int(path.parent.name), rest[17]), int(parent)))
    return found


def from_ps():
    listing = subprocess.run(
        ["/bin/ps", "-A", "-o", "pid=,ppid=,lstart="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    return [(Relative(int(pid), began), int(parent)) for pid, parent, began in rows]
