"""Numbers and addresses are told as the expressions say, by whichever way; so are escapes."""

import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.connectors.clevertap import forms
from integrations.connectors.clevertap.forms import ADDRESS, E164, are_addresses, are_numbers
from integrations.connectors.clevertap.values import escaped
from integrations.formats.quoting import TEXT

NUMBER = st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z")
MAIL = st.from_regex(r"\A[a-z.]{1,5}@[a-z.]{1,6}\.[a-z]{1,8}\Z")
WAYS = {
    are_numbers: (E164, NUMBER, st.text("+0123456789\n ٣x", max_size=18)),
    are_addresses: (ADDRESS, MAIL, st.text("ab.@ \n\té\x7f", max_size=12)),
}


def columns(good, any_text):
    """Columns of which all values are good, nearly all, or few; with nulls, and cut out."""
    values = st.one_of(
        st.lists(good, max_size=8),
        st.lists(st.one_of(st.none(), good), max_size=8),
        st.lists(st.one_of(st.none(), good, any_text), max_size=8),
    )
    return st.tuples(values, st.integers(0, 3)).map(
        lambda given: pa.array(given[0], TEXT).slice(given[1])
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_text_fits_where_the_expression_says_so(way):
    pattern, good, any_text = WAYS[way]

    @given(columns(good, any_text))
    @example(pa.array([], TEXT))
    @example(pa.array([None], TEXT))
    @example(pa.array([""], TEXT))
    @example(pa.array(["a@b", "a@b.c", "a@b..c", "a@.c", "@b.c", "a@b.", "a@@b.cd"], TEXT))
    @example(pa.array(["@", "ab@c.de"], TEXT))
    @example(pa.array(["a@b.cd@", "x.cd"], TEXT))
    @example(pa.array(["+12345678", "+1234567", "+01234567", "+1234567890123456"], TEXT))
    @example(pa.array(["+123456+8", "+12345678"], TEXT))
    def check(texts):
        assert way(texts).equals(pc.match_substring_regex(texts, pattern))

    check()


@pytest.mark.parametrize(
    ("way", "values"),
    [
        (are_numbers, ["+14155551234", None, "+4917012345678"]),
        (are_addresses, ["a@example.com", None, "b.c@example.museum", "d@e.f.io"]),
    ],
)
def test_plain_values_need_no_expression(way, values, monkeypatch):
    monkeypatch.setattr(forms.pc, "match_substring_regex", None)

    assert way(pa.array(values)).to_pylist() == [value and True for value in values]


@given(
    st.lists(st.one_of(st.none(), st.text(st.sampled_from('ab"\\\n\r\t\x00\x1fé'), max_size=5))),
    st.integers(0, 3),
)
def test_escaped_texts_are_read_back_as_they_were(values, start):
    found = escaped(pa.array(values, TEXT).slice(start)).to_pylist()

    assert [text if text is None else json.loads(f'"{text}"') for text in found] == values[start:]
