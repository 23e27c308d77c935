"""How much a process gives way to others."""

import os
from contextlib import suppress
from pathlib import Path

# Linux first shares the processors among sessions, as its desktops want it, and looks at the
# niceness of processes only within one. Sessions have a niceness of their own for that.
SESSION = Path("/proc/self/autogroup")


def give_way(niceness: int) -> None:
    """Lower the priority of this process and of its session, which it must have begun."""
    total = os.nice(niceness)
    with suppress(OSError):  # Not every kernel has it, nor lets everyone write it.
        SESSION.write_text(str(total))
