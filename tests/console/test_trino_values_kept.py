"""Values and rows of a Trino cluster, as they are kept."""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from tests.console.lake import MANY, refused

pytestmark = pytest.mark.needs("trino")


def moment(*parts):
    return dt.datetime(*parts)  # noqa: DTZ001 - It has none.


# What the cluster is asked for, the type it has in the console, and its value in the file.
VALUES = [
    ("true", "boolean", True),
    ("TINYINT '-1'", "tinyint", -1),
    ("SMALLINT '300'", "smallint", 300),
    ("7", "integer", 7),
    ("BIGINT '9223372036854775807'", "bigint", 9223372036854775807),
    ("REAL '1.5'", "real", 1.5),
    ("1e300", "double", 1e300),
    ("-infinity()", "double", float("-inf")),
    ("DECIMAL '-12345678901234567890.12'", "decimal(22,2)", Decimal("-12345678901234567890.12")),
    ("CAST('zoë' AS varchar(9))", "varchar", "zoë"),
    ("CHAR 'ab'", "varchar", "ab"),
    ("X'00FF'", "varbinary", b"\x00\xff"),
    ("DATE '1582-10-04'", "date", dt.date(1582, 10, 4)),
    ("TIME '01:02:03.5'", "time(6)", "01:02:03.5"),
    (
        "TIMESTAMP '2026-03-29 02:30:00.123'",
        "timestamp(3)",
        moment(2026, 3, 29, 2, 30, 0, 123000),
    ),
    ("TIMESTAMP '2026-01-01 00:00:00.5'", "timestamp(3)", moment(2026, 1, 1, 0, 0, 0, 500000)),
    (
        "TIMESTAMP '2026-01-01 00:00:00.123456'",
        "timestamp(6)",
        moment(2026, 1, 1, 0, 0, 0, 123456),
    ),
    (
        "TIMESTAMP '2026-07-01 09:00:00 Asia/Tokyo'",
        "timestamp(6) with time zone",
        dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
    ),
    (
        "TIMESTAMP '2026-07-01 09:00:00.000001 -05:30'",
        "timestamp(6) with time zone",
        dt.datetime(2026, 7, 1, 14, 30, 0, 1, tzinfo=dt.UTC),
    ),
    ("json '{\"a\": [1, null]}'", "json", '{"a":[1,null]}'),
    (
        "uuid '12151fd2-7586-11e9-8f9e-2a86e4085a59'",
        "uuid",
        "12151fd2-7586-11e9-8f9e-2a86e4085a59",
    ),
    ("INTERVAL '1' DAY", "varchar", "1 00:00:00.000"),
    ("ARRAY[1, NULL]", "array(integer)", [1, None]),
    ("CAST(ARRAY[] AS array(varchar))", "array(varchar)", []),
    ("ARRAY[ARRAY['a'], NULL]", "array(array(varchar))", [["a"], None]),
    ("MAP(ARRAY[1, 2], ARRAY['x', NULL])", "map(integer, varchar)", [(1, "x"), (2, None)]),
    (
        "MAP(ARRAY[DATE '2026-01-01'], ARRAY[1.5])",
        "map(date, decimal(2,1))",
        [(dt.date(2026, 1, 1), Decimal("1.5"))],
    ),
    (
        "CAST(ROW(1, 'z') AS ROW(p bigint, q varchar))",
        "row(p bigint, q varchar)",
        {"p": 1, "q": "z"},
    ),
    (
        "CAST(ROW(NULL, 'z') AS ROW(p bigint, q varchar))",
        "row(p bigint, q varchar)",
        {"p": None, "q": "z"},
    ),
]


def test_values_of_each_type_are_kept_and_missing_ones_stay_missing(run, tmp_path):
    columns = ", ".join(f"IF(n = 1, {sql}) AS v{at}" for at, (sql, *_) in enumerate(VALUES))
    found, rows = run(f"SELECT {columns} FROM visits WHERE n < 3 ORDER BY n")

    for at, (sql, kind, value) in enumerate(VALUES):
        assert found.columns[at] == (f"v{at}", kind), sql
        assert rows[f"v{at}"].to_pylist() == [value, None], sql
    with duckdb.connect() as embedded:  # What it reads of the file is what Arrow does.
        embedded.execute("SET TimeZone = 'UTC'")
        read = embedded.sql(f"SELECT * FROM read_parquet('{tmp_path / 'result'}')")
        assert read.to_arrow_table().equals(rows.cast(read.to_arrow_table().schema))


@pytest.mark.parametrize(
    "sql",
    [
        "TIMESTAMP '+12026-01-01 00:00:00'",
        "TIMESTAMP '2026-10-25 02:30:00 Europe/Berlin'",  # The clock shows it twice.
    ],
)
def test_a_value_that_would_be_another_one_is_refused(run, sql):
    error = refused(run, f"SELECT {sql} AS odd FROM visits")
    assert str(error).startswith('Column "odd" (timestamp(')
    assert error.told.endswith("cannot be kept.")


def test_many_rows_come_in_their_order(run):
    found, rows = run("SELECT n, often FROM numbers ORDER BY n")

    assert found.rows == rows.num_rows == MANY
    assert rows["n"].to_pylist() == list(range(MANY))


def test_no_rows_have_their_columns(run):
    found, rows = run("SELECT n, who FROM visits WHERE false")
    assert (found.rows, rows.schema.names) == (0, ["n", "who"])
    assert found.columns == [("n", "integer"), ("who", "varchar")]


@pytest.mark.parametrize("key", ["ARRAY['a', 'b']", "ROW(1, 2)", "X'00FF'"])
def test_a_map_whose_keys_are_not_told_whole_is_refused(run, key):
    error = refused(run, f"SELECT MAP(ARRAY[{key}], ARRAY[1]) AS m FROM visits")
    assert str(error).startswith("Keys of a map cannot be ")
