"""Batches side by side, with the rows of one identity in their order.

Rows of people who are in a batch that is not done wait for it, as a small batch of their own. The
others go at once, so that a result in which each batch begins with whom the last one ended with is
as fast as any.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue

from integrations.connectors.clevertap.batches import Batch, parted
from integrations.delivery import Delivery

LOOK = 0.2  # seconds between looks at the stop signal


class Line:
    """Batches that are under way, and those that wait for them. It is for one thread."""

    def __init__(self, send: Callable, pool: ThreadPoolExecutor, settings: dict):
        self.send, self.pool, self.settings = send, pool, settings
        self.done = SimpleQueue()
        self.under_way = 0  # and those that wait
        self.last = {}  # whom -> the last batch with a row of theirs, of those that are not done
        self.behind = {}  # a batch that waits -> those that it waits for

    def add(self, batch: Batch) -> None:
        """Send a batch, or what of it need not wait."""
        if not (known := self.known(batch)):
            self.enter(batch, known)
            return
        waiting, others = parted(batch, held(batch, known), self.settings)
        if others:
            self.enter(others, set())
        self.enter(waiting, self.known(waiting))

    def known(self, batch: Batch) -> set[int]:
        """Return who of a batch is in one that is not done."""
        return self.last.keys() & batch.everyone

    def enter(self, batch: Batch, known: set[int]) -> None:
        ahead = set()
        for each in known:
            ahead.add(self.last[each])
            self.last[each].everyone.discard(each)
        self.last.update(dict.fromkeys(batch.everyone, batch))
        self.under_way += 1
        if ahead:
            self.behind[batch] = ahead
        else:
            self.submit(batch)

    def submit(self, batch: Batch) -> None:
        future = self.pool.submit(self.send, batch)
        future.add_done_callback(lambda future: self.done.put((batch, future)))

    def end(self, batch: Batch) -> None:
        """Forget a batch that was settled, and send what waited for it alone."""
        self.under_way -= 1
        deque(map(self.last.pop, batch.everyone), maxlen=0)  # Faster than a loop.
        for waiting, ahead in list(self.behind.items()):
            ahead.discard(batch)
            if not ahead:
                del self.behind[waiting]
                self.submit(waiting)

    def ended(self, delivery: Delivery, *, wait: bool) -> Iterator[Future]:
        """Yield what is done: one that it waits for, or all there are. Who gets an error stops."""
        while found := self.next_done(delivery, wait=wait):
            batch, future = found
            yield future
            self.end(batch)
            if wait:
                return

    def next_done(self, delivery: Delivery, *, wait: bool) -> tuple[Batch, Future] | None:
        while True:
            delivery.check()
            try:
                return self.done.get(wait, LOOK)
            except Empty:
                if not wait:
                    return None


def held(batch: Batch, known: set[int]) -> list[int]:
    """Return the places of rows of these people, and of what comes after one of these rows.

    A row can have several identities: whoever it is of waits with it.
    """
    known, places = known.copy(), []
    for place, identities in enumerate(batch.people.T.tolist()):
        if not known.isdisjoint(identities):
            known |= batch.everyone.intersection(identities)
            places.append(place)
    return places


def sent(batches: Iterable[Batch], line: Line, most: int, delivery: Delivery) -> Iterator[Future]:
    """Yield what is done of the batches; no more than so many wait or are under way.

    Nothing goes before a batch that waits as a whole: batches are begun by their numbers, which
    tells how far an attempt that was killed can have come.
    """
    for batch in batches:
        yield from line.ended(delivery, wait=False)
        line.add(batch)
        while line.under_way >= most or batch in line.behind:
            yield from line.ended(delivery, wait=True)
    while line.under_way:
        yield from line.ended(delivery, wait=True)
