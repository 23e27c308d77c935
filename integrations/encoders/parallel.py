"""Work on the blocks of a file in several threads, with the results in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

THREADS = min(4, os.cpu_count() or 1)  # The libraries work outside of Python's lock.


def blocks(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes of the chunks in blocks of that size; the last one may be shorter.

    What a block holds does not depend on how the bytes came, so neither does what is made of it.
    """
    kept = bytearray()
    for chunk in chunks:
        kept += chunk
        while len(kept) >= size:
            yield bytes(memoryview(kept)[:size])
            del kept[:size]
    if kept:
        yield bytes(kept)


def in_order(work: Callable, items: Iterable) -> Iterator:
    """Yield work(item) for each item; no more than THREADS + 1 of them wait or are worked on."""
    pool = ThreadPoolExecutor(THREADS, "encode")
    pending = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > THREADS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
