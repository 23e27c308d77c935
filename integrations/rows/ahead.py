"""Work on one portion after the other, done by threads a few portions ahead of the reader."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

THREADS = 2  # Arrow and the kernel work outside of Python's lock.
END = object()


def ahead(work: Callable, items: Iterator) -> Iterator:
    """Yield the work on each item in order, done in threads a few items ahead of the reader.

    Another thread takes the items, so that reading and writing them go side by side.
    """

    def started():
        item = reader.submit(next, items, END)
        return workers.submit(lambda: END if item.result() is END else work(item.result()))

    with ThreadPoolExecutor(1, "rows") as reader, ThreadPoolExecutor(THREADS, "work") as workers:
        pending = deque(started() for _ in range(THREADS + 1))
        while (done := pending.popleft().result()) is not END:
            pending.append(started())
            yield done
