"""Questions to the engine that a person waits for: with their rights, a time limit, and a way out.

A page asks anew after each edit. What it asks later makes what it asked before pointless: each
question has a number, and one that is not the latest of its page ends.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.cache import cache

from console import tables
from integrations.errors import Stopped
from integrations.rows import Rows

SECONDS = 15  # that a count may take by itself
PATIENT = 180  # once somebody has asked for it again
# Questions of one process of the web server; the others wait for their turn.
AT_ONCE = max(1, 2 // settings.WEB_PROCESSES)
KEPT_SECONDS = 600
PLACES = threading.BoundedSemaphore(AT_ONCE)
# Those that wait keep a thread of the web server each: half of them stay free for pages.
THREADS = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


class Unanswered(Exception):
    """A person gets no answer now, and may ask again: why, in a sentence."""


class TooSlow(Unanswered):
    """The answer took longer than a person is made to wait for it."""

    def __init__(self, seconds):
        super().__init__(
            f"The answer took longer than {seconds} seconds. Calculate again to wait for longer."
        )


class Busy(Unanswered):
    """Too many questions wait already."""

    def __init__(self):
        super().__init__("Many people are counting just now. Calculate again in a moment.")


class Dropped(Exception):
    """Nobody waits for the answer any more: a newer question was asked."""


class Wait:
    """How long a person waits, and whether they still do."""

    def __init__(self, latest: Callable[[], bool] = lambda: True, *, patient: bool = False):
        self.latest = latest
        self.seconds = PATIENT if patient else SECONDS
        self.deadline = time.monotonic() + self.seconds
        self.late = False

    def over(self) -> bool:
        self.late = time.monotonic() > self.deadline
        return self.late or not self.latest()

    def why(self) -> Exception:
        return TooSlow(self.seconds) if self.late else Dropped()


def latest_of(user, page: str, number: int) -> Callable[[], bool]:
    """Note the question of a page as its latest, and return what tells whether it still is."""
    key = f"segment-question-{user.pk}-{page}"
    if number >= (cache.get(key) or 0):
        cache.set(key, number, KEPT_SECONDS)
    return lambda: (cache.get(key) or 0) <= number


def ask(sql: str, *, user, database: str, wait: Wait) -> list[dict]:
    """Run a SELECT with the rights of the user and return its rows, which have to be few.

    Raises QueryError, TooSlow, Busy or Dropped.
    """
    with answer(sql, user=user, database=database, wait=wait) as (rows, _):
        return [row for portion in rows.portions() for row in portion.to_pylist()]


@contextmanager
def answer(
    sql: str, *, user, database: str, wait: Wait, **more
) -> Iterator[tuple[Rows, list[tuple[str, str]]]]:
    """Run a SELECT as ask() does, and give its Rows with the [name, type] of their columns.

    Their file is gone afterwards. `more` is as for tables.execute().
    """
    settings.SPILL_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="asked-", dir=settings.SPILL_DIR) as folder:
        path = Path(folder) / "rows.parquet"
        try:
            with place(wait):
                outcome = tables.execute(
                    sql,
                    owner=user,
                    database=database,
                    output=path,
                    stopped=wait.over,
                    limits=replace(tables.limits(), seconds=wait.seconds + 5),
                    waited_for=True,
                    **more,
                )
        except Stopped:
            raise wait.why() from None
        yield Rows(path), outcome.columns


@contextmanager
def place(wait: Wait) -> Iterator[None]:
    """Hold one of the few places among the questions that are being answered, once one is free."""
    if not THREADS.acquire(blocking=False):
        raise Busy
    try:
        while not PLACES.acquire(timeout=0.1):
            if wait.over():
                raise Stopped
        try:
            if wait.over():
                raise Stopped
            yield
        finally:
            PLACES.release()
    finally:
        THREADS.release()
