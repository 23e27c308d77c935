"""Stages of rows' way that work at the same time, each in a thread of its own."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from threading import Condition, Event, Thread

AT_ONCE = 2  # streams: Arrow works outside of Python's lock
LOOK = 0.2  # seconds in which a reader who waits asks whether to go on
AHEAD = 8 << 20  # bytes made and not yet taken: with more, memory grows, and speed hardly


def overlapped(chunks: Iterable[bytes], limit: int = AHEAD) -> Generator[bytes]:
    """Yield the chunks, which a thread makes while the reader is busy with those before.

    No more is made once `limit` bytes wait. What the chunks raise is raised here; once this
    is closed the thread has ended, and the chunks are closed.
    """
    with closing(Belt(chunks, limit)) as belt:
        yield from belt


def side_by_side(streams: Iterable[Generator], limit: int, size: Callable) -> Generator:
    """Yield what the streams give, one after the other, each made by a thread of its own.

    A few streams are made at the same time, each until `limit` bytes of it wait for the reader.
    """
    belts = deque()
    try:
        for stream in streams:
            belts.append(Belt(stream, limit, size))
            if len(belts) == AT_ONCE:
                yield from belts[0]
                belts.popleft().close()
        for belt in belts:
            yield from belt
    finally:
        for belt in belts:
            belt.close()


def going_on():
    """Let the reader wait on."""


class Belt:
    """Chunks on their way from the thread that makes them, from now on, to their reader.

    A reader who waits for one calls `check`, which may raise. `over` is set once no more of them
    are wanted: who may wait for long while a chunk is made has to look at it.
    """

    def __init__(
        self,
        chunks: Iterable,
        limit: int = AHEAD,
        size: Callable = len,
        *,
        check: Callable = going_on,
        over: Event | None = None,
    ):
        self.chunks = chunks
        self.limit, self.size = limit, size
        self.ready = deque()
        self.waiting = 0  # bytes that are ready
        self.ended = False
        self.check, self.over = check, over or Event()
        self.error = None
        self.change = Condition()
        self.thread = Thread(target=self.make, name="overlap", daemon=True)
        self.thread.start()

    def make(self):
        try:
            with closing(self.chunks) if hasattr(self.chunks, "close") else nullcontext():
                for chunk in self.chunks:
                    if not self.put(chunk):
                        break
        except BaseException as error:  # noqa: BLE001  the reader raises it
            self.error = error
        with self.change:
            self.ended = True
            self.change.notify_all()

    def put(self, chunk) -> bool:
        """Pass a chunk on, once there is room. Return whether more are wanted."""
        with self.change:
            self.ready.append(chunk)
            self.waiting += self.size(chunk)
            self.change.notify_all()
            while self.waiting >= self.limit and not self.over.is_set():
                self.change.wait()
            return not self.over.is_set()

    def __iter__(self) -> Iterator:
        while (chunk := self.take()) is not None:
            yield chunk
        if self.over.is_set():
            raise ValueError("read after the end of the reading")  # It would pass for the end.
        if self.error:
            raise self.error

    def take(self):
        """Return the next chunk once it is there, and nothing after the last."""
        with self.change:
            while not self.ready and not self.ended:
                if not self.change.wait(LOOK):
                    self.check()
            if not self.ready:
                return None
            chunk = self.ready.popleft()
            self.waiting -= self.size(chunk)
            self.change.notify_all()
            return chunk

    def close(self) -> None:
        """Make no more, and wait for the end of the thread."""
        with self.change:
            self.over.set()
            self.change.notify_all()
        self.thread.join()
        self.ready.clear()
        self.waiting = 0
