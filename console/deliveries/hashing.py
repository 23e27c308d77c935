"""Identifiers hashed with a key: by the kernel where there are many, else one at a time."""

from collections.abc import Callable

import numpy as np
import pyarrow.compute as pc

from console.deliveries.keys import Keyed
from console.deliveries.sorting import KIND
from console.deliveries.values import Found
from integrations.formats.kernel.loading import hasher_for

GIVEN = np.dtype(">u8")  # as bytes, whose order is that of the numbers
WORDS = 4  # of a whole hash


def hashes_with(key: Keyed, rows: int) -> Callable[[Found], np.ndarray]:
    """Return what gives the hashes of identifiers as numbers, where so many rows have some."""
    one_by_one = OneByOne(key)
    if hasher := hasher_for(key.blocks, rows):
        return ByKernel(hasher, one_by_one).of
    return one_by_one.of


class OneByOne:
    """Hashes identifiers by Python's library, which takes a microsecond or two for each."""

    def __init__(self, key: Keyed):
        self.key = key

    def of(self, found: Found) -> np.ndarray:
        whole = np.frombuffer(b"".join(self.key.whole(found.digests())), GIVEN)
        return whole.reshape(-1, WORDS)[:, 0].astype(KIND)


class ByKernel:
    """Hashes identifiers by the kernel, and one by one those that are too long for it."""

    def __init__(self, hasher, others: OneByOne):
        self.hasher, self.others = hasher, others

    def of(self, found: Found) -> np.ndarray:
        if found.hashed:
            return self.hasher.of_digests(bytes.fromhex("".join(found.texts.to_pylist())))
        short = self.hasher.fit(found.texts)
        if pc.all(short).as_py():
            return self.hasher.of_texts(found.texts)
        long = found._replace(texts=found.texts.filter(pc.invert(short)))
        hashes = self.hasher.of_texts(found.texts.filter(short))
        return np.concatenate([hashes, self.others.of(long)])
