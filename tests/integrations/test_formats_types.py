"""Columns of every type as text."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest

from integrations.errors import PermanentError
from integrations.formats.text import text_of

MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001
PAIR = pa.struct({"n": pa.int64(), "s": pa.string()})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (0.001, "0.001"),
        (1e-4, "1.0E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (-0.0, "-0.0"),
        (0.0, "0.0"),
        (1 / 3, "0.3333333333333333"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (-float("inf"), "-Infinity"),
        (5e-324, "4.9E-324"),
        (1e-323, "9.9E-324"),
        (1e-322, "9.9E-323"),
        (-1.04e-322, "-1.04E-322"),
        (2e-322, "2.0E-322"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (-1e21, "-1.0E21"),
        (None, None),
    ],
)
def test_doubles_read_as_java_writes_them(value, text):
    assert text_of(pa.array([value], pa.float64())).to_pylist() == [text]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (pa.float32(), 0.1, "0.1"),
        (pa.float32(), 16777216, "1.6777216E7"),
        (pa.float32(), 1e-3, "0.001"),
        (pa.float32(), 1e-45, "1.4E-45"),
        (pa.float32(), 1e-43, "9.9E-44"),
        (pa.float16(), 1.5, "1.5"),
        (pa.int8(), -128, "-128"),
        (pa.uint64(), 2**64 - 1, "18446744073709551615"),
        (pa.decimal128(38, 8), Decimal("0.00000000"), "0.00000000"),
        (pa.decimal128(38, 8), Decimal("-0.00000001"), "-0.00000001"),
        (pa.decimal128(5, 2), Decimal("123.40"), "123.40"),
        (pa.decimal256(60, 0), Decimal(10) ** 59, "1" + "0" * 59),
        (pa.date32(), dt.date(2020, 2, 29), "2020-02-29"),
        (pa.date64(), dt.date(1, 1, 1), "0001-01-01"),
        (pa.timestamp("s"), MOMENT, "2020-01-02 03:04:05.000"),
        (pa.timestamp("ms"), MOMENT, "2020-01-02 03:04:05.000"),
        (pa.timestamp("us"), MOMENT, "2020-01-02 03:04:05.000"),
        (pa.timestamp("us"), MOMENT.replace(microsecond=1000), "2020-01-02 03:04:05.001"),
        (pa.timestamp("us"), MOMENT.replace(microsecond=1), "2020-01-02 03:04:05.000001"),
        (pa.timestamp("us"), MOMENT.replace(year=1), "0001-01-02 03:04:05.000"),
        (pa.timestamp("ns"), 1_577_934_245_000_000_001, "2020-01-02 03:04:05.000000001"),
        (pa.timestamp("ns"), 1_577_934_245_000_001_000, "2020-01-02 03:04:05.000001"),
        (pa.timestamp("us", "UTC"), MOMENT, "2020-01-02 03:04:05.000 UTC"),
        (pa.timestamp("us", "Asia/Tokyo"), MOMENT, "2020-01-02 12:04:05.000 Asia/Tokyo"),
        (pa.timestamp("us", "+02:00"), MOMENT, "2020-01-02 05:04:05.000 +02:00"),
        (pa.time32("s"), dt.time(1, 2, 3), "01:02:03.000"),
        (pa.time64("us"), dt.time(1, 2, 3, 45), "01:02:03.000045"),
        (pa.duration("us"), dt.timedelta(days=2, seconds=3, milliseconds=4), "2 00:00:03.004"),
        (pa.duration("us"), -dt.timedelta(seconds=1), "-0 00:00:01.000"),
        (pa.binary(), b"\x00\xabc", "00AB63"),
        (pa.binary(2), b"\x00\xab", "00AB"),
        (pa.large_binary(), b"", ""),
        (pa.bool_(), True, "true"),
        (pa.null(), None, None),
        (pa.large_string(), "é", "é"),
        (pa.string_view(), "日本", "日本"),
        (pa.dictionary(pa.int8(), pa.string()), "a", "a"),
        (pa.list_(pa.int64()), [1, None], "[1,null]"),
        (pa.list_(pa.int64(), 2), [1, 2], "[1,2]"),
        (pa.large_list(pa.string()), ['a"b', "é"], r'["a\"b","é"]'),
        (pa.list_(pa.float64()), [1.5, float("nan"), 1e7], '[1.5,"NaN",1.0E7]'),
        (PAIR, {"n": 1, "s": None}, '{"n":1,"s":null}'),
        (pa.map_(pa.string(), PAIR), [("k", {"n": 2, "s": "x"})], '{"k":{"n":2,"s":"x"}}'),
        (pa.map_(pa.int64(), pa.bool_()), [(1, True)], '{"1":true}'),
        (pa.list_(pa.timestamp("us")), [MOMENT], '["2020-01-02 03:04:05.000"]'),
        (pa.list_(pa.decimal128(9, 8)), [Decimal("0.00000001")], "[0.00000001]"),
    ],
)
def test_a_value_of_each_type_has_its_text(kind, value, text):
    column = pa.array([None, value, None], kind)

    assert text_of(column).to_pylist() == [None, text, None]
    assert text_of(column[1:]).to_pylist() == [text, None]


def test_uuids_and_json_are_read_as_such():
    uuid = UUID("6f1e8f3e-8d5c-4a57-a0f9-1f2d3c4b5a69")
    uuids = pa.array([None, uuid.bytes], pa.uuid())
    documents = pa.array(['{"a":1}', None], pa.json_())

    assert text_of(uuids).to_pylist() == [None, str(uuid)]
    assert text_of(documents).to_pylist() == ['{"a":1}', None]


def test_a_list_of_null_is_not_null():
    column = pa.array([[None], None, []], pa.list_(pa.null()))

    assert text_of(column).to_pylist() == ["[null]", None, "[]"]


def test_infinity_is_no_date():
    with duckdb.connect() as connection:
        [batch] = connection.sql("SELECT DATE 'infinity' AS day").to_arrow_table().to_batches()

    with pytest.raises(PermanentError, match="Column day holds a date"):
        text_of(batch.column(0), "day")


def test_a_type_without_text_is_named():
    column = pa.array([(1, 2, 3)], pa.month_day_nano_interval())

    with pytest.raises(PermanentError, match="Column age has the type month_day_nano_interval"):
        text_of(column, "age")
