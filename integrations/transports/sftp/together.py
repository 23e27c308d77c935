"""Two threads that take turns on Python's lock, kept on one processor while a file is sent."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

PROCESSOR = 36  # field of /proc/…/stat behind the name: where the thread runs


def keep_together(other: int) -> Callable[[], None]:
    """Keep this thread and another (its native id) on one processor. Return what ends that.

    The one that sends and the one that reads the server's answers hand Python's lock over
    thousands of times a second, and across two processors each time costs a wake-up: measured
    on two, an upload took half as long again. Only Linux is asked for it.
    """
    threads = (threading.get_native_id(), other)
    try:
        before, here = os.sched_getaffinity(0), current_processor()
    except (AttributeError, OSError):
        return lambda: None
    place(threads, {here})
    return partial(place, threads, before)


def place(threads: tuple[int, ...], processors: set[int]) -> None:
    for thread in threads:
        with suppress(OSError):  # It may have ended, or not be allowed to.
            os.sched_setaffinity(thread, processors)


def current_processor() -> int:
    fields = Path("/proc/thread-self/stat").read_text().rpartition(")")[2].split()
    return int(fields[PROCESSOR])
