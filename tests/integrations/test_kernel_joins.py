"""Pieces that the kernel puts together: the same texts as Python's."""

import logging
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.formats import warm
from integrations.formats.kernel import joiner, loading
from integrations.formats.kernel.joiner import Piece, put_together
from integrations.formats.kernel.loading import joiner_for, kernel_joiner
from integrations.formats.quoting import TEXT
from tests.integrations.guarded import behind_guards

TEXTS = st.one_of(st.none(), st.text(max_size=3), st.integers(0, 80).map("é".__mul__))
FRAMES = st.sampled_from(["", "x", '","', "a long frame that is more than a word"])


def plainly(pieces, rows):
    """Return what the pieces are together, value by value."""
    columns = [[""] * rows if each.texts is None else each.texts.to_pylist() for each in pieces]
    return [
        "".join(
            "" if text is None else f"{piece.before}{text}{piece.after}"
            for piece, text in zip(pieces, row, strict=True)
        )
        for row in zip(*columns, strict=True)
    ]


@st.composite
def some_pieces(draw):
    """Some pieces for a few rows, columns of which are cut out of longer ones."""
    rows = draw(st.integers(1, 20))
    found = []
    for _ in range(draw(st.integers(1, 5))):
        skip, more = draw(st.integers(0, 9)), draw(st.integers(0, 3))
        size = skip + rows + more
        values = draw(st.lists(TEXTS, min_size=size, max_size=size))
        column = pa.array(values, TEXT).slice(skip, rows)
        found.append(Piece(draw(FRAMES), column, draw(FRAMES)))
        found += [Piece(draw(FRAMES))] * draw(st.integers(0, 1))
    return found, rows


@settings(deadline=None)  # Other tests keep the machine busy.
@given(some_pieces())
def test_pieces_of_any_kind(drawn):
    pieces, rows = drawn

    found = put_together(pieces)

    found.validate(full=True)
    assert found.null_count == 0
    assert found.to_pylist() == plainly(pieces, rows)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 31, 32, 33, 64, 100])
def test_nothing_is_read_behind_the_texts(size):
    column = behind_guards(pa.array([None, "a" * size, "b" * size] * 9, TEXT))
    pieces = [Piece("<", column, ">"), Piece("", column)]

    assert put_together(pieces).to_pylist() == plainly(pieces, 27)


def test_nothing_is_written_behind_what_there_is_room_for(monkeypatch):
    made, usual = [], np.empty

    def empty(size, kind):
        made.append((size, usual(size + 64, kind)))
        made[-1][1][:] = 255
        return made[-1][1][:size]

    monkeypatch.setattr(joiner.np, "empty", empty)
    put_together([Piece("f" * 100, pa.array(["a" * n for n in range(70)], TEXT), "g" * 7)])

    [(size, room)] = made
    assert (room[size:] == 255).all()


def test_no_rows_and_rows_of_nothing():
    nothing = pa.array([], TEXT)

    assert put_together([Piece("a", nothing)]).to_pylist() == []
    assert put_together([Piece("", pa.array(["", None], TEXT))]).to_pylist() == ["", ""]


def test_it_is_loaded_for_many_only():
    assert warm()
    assert joiner_for(loading.WORTH_JOINING - 1) is None
    assert joiner_for(loading.WORTH_JOINING) is put_together


@pytest.fixture
def nothing_loaded():
    kernel_joiner.cache_clear()
    yield
    kernel_joiner.cache_clear()


@pytest.mark.usefixtures("nothing_loaded")
def test_a_kernel_that_puts_together_otherwise_is_not_used(monkeypatch, caplog):
    monkeypatch.setattr(joiner, "put_together", lambda pieces: pieces[1].texts)

    with caplog.at_level(logging.WARNING, loading.__name__):
        assert kernel_joiner() is None
    assert "does not put together here what it should" in caplog.text


@pytest.mark.usefixtures("nothing_loaded")
def test_without_the_kernel_the_log_says_so_once(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "integrations.formats.kernel.joiner", None)

    with caplog.at_level(logging.WARNING, loading.__name__):
        assert kernel_joiner() is None
        assert kernel_joiner() is None
    assert len(caplog.records) == 1
