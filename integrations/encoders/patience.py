"""Waiting for gpg: for a while, and asking in between whether to go on."""

import subprocess
import time
from collections.abc import Callable

STEP = 0.1  # seconds


def patiently(look: Callable, seconds: float, check: Callable):
    """Return what look(STEP) gives, which waits so long, as soon as that is something.

    After each step without it check() is called, which may raise; after all seconds it is nothing.
    """
    deadline = time.monotonic() + seconds
    while not (found := look(STEP)) and time.monotonic() < deadline:
        check()
    return found


def has_ended(process: subprocess.Popen, seconds: float) -> bool:
    """Wait for so many seconds at most. Return whether the process has ended."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
