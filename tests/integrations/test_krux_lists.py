"""Lists as attributes of Krux's lines: what is null or empty in them is left out."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from integrations.connectors.salesforce_dmp.contract import bad_values, says_nothing
from integrations.formats.krux import Marks, block

WORDS = some.none() | some.sampled_from(["", "x", "ü 😀", "a,b", "segment"])
LISTS = some.lists(some.none() | some.lists(WORDS, max_size=4), max_size=6)
PAIRS = some.lists(some.none() | some.lists(WORDS, min_size=2, max_size=2), max_size=6)
KINDS = {
    "list": (LISTS, pa.list_(pa.string())),
    "large list": (LISTS, pa.large_list(pa.large_string())),
    "list of a dictionary": (LISTS, pa.list_(pa.dictionary(pa.int32(), pa.string()))),
    "list of one length": (PAIRS, pa.list_(pa.string(), 2)),
}


@some.composite
def columns(draw):
    """Return the lists of users, their segments, and how many of them are before a slice."""
    values, kind = draw(some.sampled_from(list(KINDS.values())))
    lists = pa.array(draw(values), kind)
    if draw(some.booleans()):
        lists = dictionary(lists) or lists
    several = some.lists(some.none() | some.just("s"), min_size=len(lists), max_size=len(lists))
    return lists, draw(several), draw(some.integers(0, len(lists)))


def dictionary(lists):
    """Return the same lists by their places among themselves; nothing for what Arrow cannot."""
    found = pa.DictionaryArray.from_arrays(pa.array(range(len(lists)), pa.int32()), lists)
    try:
        found.dictionary_decode()
    except NotImplementedError:
        return None
    return found


def batch_of(lists, segments):
    names = ["user_id", "td_segment", "x"]
    users = pa.array([f"u{number}" for number in range(len(lists))])
    return pa.record_batch([users, pa.array(segments, pa.string()), lists], names)


def line(row):
    """Return the line of a row, written plainly."""
    said = ",".join(word for word in row["x"] or [] if word)
    given = [("x", said), ("segment", row["td_segment"])]
    return f"{row['user_id']}^" + ";".join(f"{name}:{text}" for name, text in given if text) + "\n"


@given(columns())
def test_lists_are_written_as_a_plain_reading_of_the_rule_has_them(given):
    lists, _, start = given
    # The contract lets no row by that says nothing.
    batch = batch_of(lists, ["s"] * len(lists)).slice(start)

    assert block(batch, Marks()).decode() == "".join(map(line, batch.to_pylist()))


@given(columns())
def test_rows_are_found_empty_where_their_line_is(given):
    lists, segments, start = given
    batch = batch_of(lists, segments).slice(start)

    [broken] = says_nothing(batch, {})

    lines = [line(row) for row in batch.to_pylist()]
    assert broken.rows.to_pylist() == [text.endswith("^\n") for text in lines]


@given(columns())
def test_separators_in_lists_are_found_in_the_rows_that_have_them(given):
    lists, segments, start = given
    batch = batch_of(lists, segments).slice(start)

    marked, _ = bad_values(batch, {})

    assert list(map(bool, marked.rows.to_pylist())) == [
        any("," in (word or "") for word in row["x"] or []) for row in batch.to_pylist()
    ]


@pytest.mark.parametrize(
    ("members", "written"),
    [
        (["x", None, "y"], b"u0^x:x,y;segment:s\n"),
        (["x", ""], b"u0^x:x;segment:s\n"),
        ([None, "", None], b"u0^segment:s\n"),
    ],
)
def test_a_null_in_a_list_takes_nothing_else_away(members, written):
    lists = pa.array([members], pa.list_(pa.string()))

    assert block(batch_of(lists, ["s"]), Marks()) == written
