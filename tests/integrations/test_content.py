"""A file's bytes: made ahead in a thread, measured, and read again from the middle."""

import hashlib
import threading
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.content import Content, behind
from integrations.delivery import Delivery
from integrations.errors import Stopped
from integrations.rows.overlap import overlapped
from tests.integrations.exports import stored
from tests.servers import wait_until


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "overlap"]


def made(chunks, closed=None):
    """Yield the chunks; tell when that is over, however it ended."""
    try:
        yield from chunks
    finally:
        if closed:
            closed.set()


@given(st.lists(st.binary(max_size=9)), st.integers(1, 20))
def test_chunks_come_as_they_are_and_in_order(chunks, limit):
    assert list(overlapped(made(chunks), limit)) == chunks
    assert not threads()


def test_the_next_chunk_is_made_while_the_reader_is_busy():
    second = Event()

    def make():
        yield b"1"
        second.set()
        yield b"2"

    chunks = overlapped(make())

    assert next(chunks) == b"1"
    assert second.wait(10)
    assert list(chunks) == [b"2"]


def test_no_more_is_made_than_the_limit():
    taken = []

    def make():
        for number in range(20):
            taken.append(number)
            yield b"x" * 10

    chunks = overlapped(make(), 30)
    next(chunks)
    wait_until(lambda: len(taken) == 4)
    next(chunks)
    wait_until(lambda: len(taken) == 5)
    chunks.close()

    assert taken == list(range(5))


def test_what_goes_wrong_while_chunks_are_made_is_told_after_those_before():
    def make():
        yield b"1"
        raise Stopped

    chunks = overlapped(make())

    assert next(chunks) == b"1"
    with pytest.raises(Stopped):
        next(chunks)
    assert not threads()


@pytest.mark.parametrize("read", [0, 1, 3])
def test_closing_ends_the_thread_and_closes_the_chunks(read):
    closed = Event()
    chunks = overlapped(made([b"x"] * 100, closed), 2)
    for _ in range(read):
        next(chunks)

    chunks.close()

    assert closed.is_set() == bool(read)
    assert not threads()


@given(st.lists(st.binary(max_size=9)), st.integers(0, 60))
def test_what_lies_behind_an_offset_is_the_rest(chunks, offset):
    rest = list(behind(offset, made(chunks)))

    assert b"".join(rest) == b"".join(chunks)[offset:]
    assert len(rest) <= len(chunks)


@pytest.mark.parametrize("encoders", ["", "gz", "bzip2"])
def test_a_reading_from_the_middle_measures_the_whole_file(tmp_path, encoders):
    rows = stored(tmp_path / "some.parquet", id=list(range(5000)))
    content = Content(rows, {"encoders": encoders}, Delivery())
    whole = b"".join(content)

    rest = b"".join(content.read_from(1234))

    assert content.repeatable
    assert rest == whole[1234:]
    assert content.bytes == len(whole)
    assert content.digest.hexdigest() == hashlib.sha256(whole).hexdigest()


def test_encrypted_files_differ_each_time(tmp_path):
    rows = stored(tmp_path / "some.parquet", id=[1])

    assert not Content(rows, {"encoders": "encrypt_pgp"}, Delivery()).repeatable


@pytest.mark.parametrize("encoders", ["", "gz"])
def test_a_stop_ends_a_reading_and_its_threads(many, encoders):
    content = Content(many, {"encoders": encoders}, Delivery(stopped=lambda: content.bytes > 0))

    with pytest.raises(Stopped):
        list(content)

    assert not threads()


def test_a_reading_that_is_left_half_way_ends_its_threads(many):
    content = Content(many, {"encoders": "gz"}, Delivery())
    next(iter(content))

    content.close()

    assert not threads()


@pytest.mark.parametrize("encoders", ["", "gz"])
def test_bytes_are_made_before_anybody_reads_them(many, encoders):
    content = Content(many, {"encoders": encoders}, Delivery())
    content.begin()
    wait_until(lambda: content.waiting)

    whole = b"".join(content)

    assert whole == b"".join(Content(many, {"encoders": encoders}, Delivery()))
    assert (content.bytes, content.waiting) == (len(whole), 0)
    assert not threads()


def test_a_reading_begun_ahead_goes_on_from_any_place(many):
    content = Content(many, {}, Delivery())
    content.begin()

    rest = b"".join(content.read_from(1234))

    assert rest == b"".join(Content(many, {}, Delivery()))[1234:]


def test_a_reading_that_nobody_wants_any_more_ends_its_threads(many):
    content = Content(many, {"encoders": "gz"}, Delivery())
    content.begin()

    content.close()

    assert (content.waiting, threads()) == (0, [])


def test_a_further_try_keeps_what_was_measured_until_it_reads(many):
    content = Content(many, {}, Delivery())
    whole = b"".join(content)
    content.close()

    content.begin()

    assert content.bytes == len(whole)
    assert content.digest.hexdigest() == hashlib.sha256(whole).hexdigest()
    assert not threads()


def test_the_end_of_a_closed_reading_does_not_pass_for_that_of_the_file(many):
    content = Content(many, {}, Delivery())
    reading = iter(content)
    next(reading)

    content.close()

    with pytest.raises(ValueError, match="after the end"):
        list(reading)
