"""Work that a thread of the web server waits for: only so much at once, so that pages go on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

# Questions of the rule builder may have half of the threads; with these, some stay free.
PLACES = threading.BoundedSemaphore(max(1, settings.WEB_THREADS * 3 // 8))


class Busy(Exception):
    """Others keep as many threads as may be: a person is to try again in a moment."""

    def __init__(self):
        super().__init__("Many people test connections or import files just now.")


@contextmanager
def place() -> Iterator[None]:
    """Hold one of the few places while the block runs. Raise Busy at once where none is free."""
    if not PLACES.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        PLACES.release()
