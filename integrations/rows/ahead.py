"""Work on one portion after the other, done by threads a few portions ahead of the reader."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import cycle

THREADS = 2  # Arrow and the kernel work outside of Python's lock.
PIECES = 8  # done of a stream before its turn: about a row group of DuckDB
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


def side_by_side(work: Callable, streams: Iterator[Generator]) -> Generator:
    """Yield the work on each item of the streams, one after the other, done in threads.

    Streams are read at the same time, each by one thread, a few items ahead of the reader.
    """
    lanes = deque()
    with ExitStack() as ended:
        pools = [ended.enter_context(ThreadPoolExecutor(1, "lane")) for _ in range(THREADS)]
        ended.callback(lambda: [lane.close() for lane in lanes])
        for stream, pool in zip(streams, cycle(pools), strict=False):
            lanes.append(Lane(work, stream, pool))
            if len(lanes) == THREADS:
                yield from lanes[0]
                lanes.popleft().close()
        for lane in lanes:
            yield from lane


class Lane:
    """A stream that a thread works on from now on. It waits where it is too far ahead."""

    def __init__(self, work: Callable, items: Generator, pool: ThreadPoolExecutor):
        self.work, self.items, self.pool = work, items, pool
        self.pending = deque(self.begun() for _ in range(PIECES))

    def begun(self):
        return self.pool.submit(self.step)

    def step(self):
        item = next(self.items, END)
        return END if item is END else self.work(item)

    def __iter__(self) -> Iterator:
        while (done := self.pending[0].result()) is not END:
            self.pending.popleft()
            self.pending.append(self.begun())
            yield done

    def close(self) -> None:
        """Begin nothing more, and close the stream."""
        wait([each for each in self.pending if not each.cancel()])
        self.items.close()
