"""Texts that the kernel writes: each length, place and neighbour of what needs care."""

import pyarrow as pa
import pytest

from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect
from tests.integrations.kernel_ways import POLICIES, kernel, one_column, plainly

LENGTHS = [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 63, 64, 65]

SPECIAL = [',"', "\r", "\n", "\r\n", "\n\r", "\r\r\n", ",", '"', '""']


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("special", SPECIAL)
def test_a_special_character_is_found_wherever_it_stands(length, special, dialect):
    places = range(length + 1)
    values = ["x" * place + special + "y" * (length - place) for place in places]

    assert kernel(one_column(values), dialect) == plainly(values, dialect)


@pytest.mark.parametrize("length", LENGTHS)
def test_texts_of_every_length_are_whole(length, dialect):
    values = ["é" * length, "x" * length, None, "", "z" * length]

    assert kernel(one_column(values), dialect) == plainly(values, dialect)
    assert kernel(one_column(values, pa.large_string()), dialect) == plainly(values, dialect)


def test_neighbours_of_special_characters_are_not_mistaken_for_them(dialect):
    values = [chr(code) * 9 for code in range(1, 0x250)]
    values += [chr(code) + "," + chr(code) for code in range(1, 128)]

    assert kernel(one_column(values), dialect) == plainly(values, dialect)


def test_a_carriage_return_does_not_reach_into_the_next_value(dialect):
    values = ["a\r", "\nb", "\r", "\n", "12345678\r", "\n2345678"]
    batch = pa.record_batch({"a": values, "b": values[1:] + values[:1]})

    lines = [field_of(a, dialect) + "," + field_of(b, dialect) for a, b in rows_of(batch)]
    assert kernel(batch, dialect) == "".join(line + "\r\n" for line in lines)


def field_of(value, dialect):
    return plainly([value], dialect).removesuffix("\r\n")


def rows_of(batch):
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


@pytest.mark.parametrize(
    "null", ["", "x", r"\N", "12345678", "123456789", "é", "1", "true", "n" * 99]
)
@pytest.mark.parametrize("policy", POLICIES)
def test_null_strings_of_any_length_are_kept_apart_from_values(null, policy):
    dialect = Dialect(policy=policy, null=null, escape="\\" if policy == "NONE" else '"')
    values = [null, None, null[:-1], null + "x", "x" + null[1:], "1", None]
    batch = pa.record_batch({"text": values, "n": [1, None, 12345678, 3, 4, 5, 6]})

    assert kernel(batch, dialect) == block(batch, dialect).decode()
    assert kernel(one_column(values), dialect) == plainly(values, dialect)


def test_dictionaries_with_nulls_and_slices_are_followed(dialect):
    texts = pa.array(["skipped", "a,b", None, "c", "unused"]).slice(1)
    indices = pa.array([0, 1, 2, None, 0], pa.int32())
    whole = pa.DictionaryArray.from_arrays(indices, texts)
    sliced = pa.DictionaryArray.from_arrays(
        indices.slice(2), pa.array(["-", "a\r", "c", '"']).slice(1)
    )

    for column in (whole, whole.slice(1), sliced, sliced.slice(1)):
        batch = pa.record_batch({"value": column})
        assert kernel(batch, dialect) == plainly(column.to_pylist(), dialect)


@pytest.mark.parametrize("count", [1, 2, 40])
def test_texts_that_repeat_are_the_same_as_others(count, dialect):
    few = [",", '"', "", "x" * 31, "y" * 32, "z" * 33, "\r\n" * 20, 'a"' * 40][:count]
    values = [*few, None] * 5
    batch = one_column(values, pa.dictionary(pa.int32(), pa.string()))

    assert kernel(batch, dialect) == plainly(values, dialect)
    assert kernel(batch.slice(7), dialect) == plainly(values[7:], dialect)
