"""Keyed hashes that the kernel makes: the same as those of Python's library."""

import hashlib
import hmac
import logging
import random
import sys

import numpy as np
import pyarrow as pa
import pytest

from integrations.formats import warm
from integrations.formats.kernel import loading
from integrations.formats.kernel.hasher import DIGEST, LONGEST, SCRATCH_BYTES, Hasher
from integrations.formats.kernel.loading import hasher_for, kernel_hasher
from tests.integrations.guarded import guarded

KEYS = [b"", b"k" * 32, bytes(range(64))]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("count", [1, 7, 8, 9, 1000])
def test_texts_of_every_length_and_number(key, count):
    some = random.Random(count)
    texts = [some.randbytes(number % (LONGEST + 1)) for number in range(count)]

    found = Hasher(blocks(key)).of_texts(as_strings(texts))

    assert found.tolist() == [keyed(key, text) for text in texts]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("count", [1, 7, 8, 9, 1000])
def test_digests_are_hashed_as_they_are(key, count):
    texts = [b"%d" % number for number in range(count)]
    digests = b"".join(hashlib.sha256(text).digest() for text in texts)

    assert Hasher(blocks(key)).of_digests(digests).tolist() == [keyed(key, text) for text in texts]


def test_nothing_and_empty_texts():
    hasher = Hasher(blocks(b"key"))

    assert hasher.of_texts(as_strings([])).tolist() == hasher.of_digests(b"").tolist() == []
    assert hasher.of_texts(as_strings([b"", b""])).tolist() == [keyed(b"key", b"")] * 2


def test_a_slice_of_texts():
    texts = [b"%d@example.com" % number for number in range(100)]

    found = Hasher(blocks(b"key")).of_texts(as_strings(texts)[13:57])

    assert found.tolist() == [keyed(b"key", text) for text in texts[13:57]]


@pytest.mark.parametrize("size", range(1, 18))
def test_nothing_is_read_behind_texts_and_digests(size):
    texts = as_strings([b"a" * size] * 9)
    _, starts, content = map(guarded, [None, *texts.buffers()[1:]])
    hasher = Hasher(blocks(b"key"))
    digests = guarded(pa.py_buffer(b"d" * DIGEST * 9))

    found = hasher.hashes(9, content, 9 * size, np.frombuffer(starts, np.int32))

    assert found.tolist() == [keyed(b"key", b"a" * size)] * 9
    assert len(set(hasher.hashes(9, digests, digests.size).tolist())) == 1


def test_texts_that_fit_have_one_block():
    texts = pa.array(["", "a" * LONGEST, "a" * (LONGEST + 1), "ü" * 28])

    assert Hasher(blocks(b"")).fit(texts).to_pylist() == [True, True, False, False]


def test_the_kernel_has_the_sizes_that_it_is_called_with():
    from integrations.formats.kernel import hashes

    known = hashes.DIGEST, hashes.LONGEST, hashes.SCRATCH_BYTES
    assert known == (DIGEST, LONGEST, SCRATCH_BYTES)


def test_it_is_loaded_for_many_only():
    assert warm()
    assert hasher_for(blocks(b""), loading.WORTH_HASHING - 1) is None
    assert isinstance(hasher_for(blocks(b""), loading.WORTH_HASHING), Hasher)


@pytest.fixture
def nothing_loaded():
    kernel_hasher.cache_clear()
    yield
    kernel_hasher.cache_clear()


@pytest.mark.usefixtures("nothing_loaded")
def test_a_kernel_that_hashes_otherwise_is_not_used(monkeypatch, caplog):
    monkeypatch.setattr(Hasher, "of_digests", lambda *_: Hasher(blocks(b"")).of_texts([]))
    monkeypatch.setattr(Hasher, "of_texts", lambda *_: pa.array([1]))

    with caplog.at_level(logging.WARNING, loading.__name__):
        assert kernel_hasher() is None
    assert "the kernel does not hash here as Python does" in caplog.text


@pytest.mark.usefixtures("nothing_loaded")
def test_without_the_kernel_the_log_says_so_once(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "integrations.formats.kernel.hasher", None)

    with caplog.at_level(logging.WARNING, loading.__name__):
        assert hasher_for(blocks(b""), loading.WORTH_HASHING) is None
        assert hasher_for(blocks(b""), loading.WORTH_HASHING) is None
    assert caplog.text.count("hashed one by one") == 1


def blocks(key):
    padded = key.ljust(64, b"\0")
    return b"".join(bytes(byte ^ mask for byte in padded) for mask in (0x36, 0x5C))


def keyed(key, text):
    digest = hashlib.sha256(text).digest()
    return int.from_bytes(hmac.digest(key, digest, "sha256")[:8], "big")


def as_strings(texts):
    """Return texts of any bytes as Arrow's strings, which are not looked at."""
    return pa.array(texts, "binary").view("string")
