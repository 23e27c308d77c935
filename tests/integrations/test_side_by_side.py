"""Streams that are read side by side: in order, a few items ahead, and ended as asked."""

import threading
from contextlib import closing

import pytest

from integrations.rows.overlap import side_by_side
from tests.servers import wait_until

PATIENCE = 30  # seconds


def worked(work, streams, limit=1_000):
    """Yield the work on each item of the streams, each of which is one byte."""
    made = ((work(item) for item in stream) for stream in streams)
    return side_by_side(made, limit, lambda _: 1)


def same(item):
    return item


@pytest.fixture
def streams():
    """A function that makes streams of numbers. What is taken of each is written down."""
    ended = []

    def make(*sizes, taken=None):
        def stream(number, size):
            try:
                for place in range(size):
                    if taken is not None:
                        taken.append((number, place))
                    yield number, place
            finally:
                ended.append(number)

        return (stream(number, size) for number, size in enumerate(sizes))

    make.ended = ended
    return make


@pytest.mark.parametrize("sizes", [(), (0,), (3,), (0, 5, 0), (1, 40, 2, 17, 9)])
def test_all_items_come_in_order(sizes, streams):
    found = list(worked(same, streams(*sizes)))

    assert found == [(number, place) for number, size in enumerate(sizes) for place in range(size)]
    assert sorted(streams.ended) == list(range(len(sizes)))


def test_two_streams_are_worked_on_at_the_same_time(streams):
    met = threading.Barrier(2)

    def work(item):
        met.wait(PATIENCE)
        return item

    assert len(list(worked(work, streams(4, 4)))) == 8


def test_nothing_is_worked_on_far_ahead_of_the_reader(streams):
    taken = []
    with closing(worked(same, streams(100, 100, 100, taken=taken), 8)) as found:
        next(found)
        wait_until(lambda: len(taken) == 2 * 8 + 1)
        next(found)
        wait_until(lambda: len(taken) == 2 * 8 + 2)

    assert {number for number, _ in taken} == {0, 1}


def test_a_reader_that_stops_half_way_ends_the_threads_and_the_streams(streams):
    with closing(worked(same, streams(100, 100, 100))) as found:
        next(found)

    assert not [thread for thread in threading.enumerate() if thread.name == "overlap"]
    assert sorted(streams.ended) == [0, 1]


def test_an_error_is_raised_where_its_item_would_have_come(streams):
    def work(item):
        if item == (1, 2):
            raise ValueError("damaged")
        return item

    came = []
    with pytest.raises(ValueError, match="damaged"):
        came.extend(worked(work, streams(3, 3, 3)))

    found = worked(work, streams(3, 3, 3))
    assert [next(found) for _ in range(5)] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    found.close()
