"""A cast of an upload keeps the value, or fails and tells of it."""

import duckdb
import pytest

from console.engines import exact

TEXTS = {
    "BIGINT": (
        ["1", "-7", " 15 ", "2.00", "1e3", "007", "-1200e-2", "0e-30", "123456789012345678E1"],
        ["1.5", "1e-3", "x", "", "0x10", "1e30", "1e-19", "-2e-400", "1.0000000000000000001e0"],
    ),
    "INTEGER": (["2147483647"], ["2147483648", "0.1"]),
    "DOUBLE": (["19.99", "1e3", "9007199254740992", "nan"], ["9007199254740993", "1e999", "1,5"]),
    "FLOAT": (["0.1", "16777216"], ["16777217"]),
    "DECIMAL(10,2)": (["1", "19.99", "19.990", "1.5E+5", "1e-2"], ["19.999", "1e-3", "1e-30"]),
    "DECIMAL(38,20)": (["1e-19", "1.2345678901234567e2"], ["1e-21"]),
    "DATE": (["2026-01-31", "2026-01-31 00:00:00"], ["2026-01-31 12:00:00", "2026-02-31"]),
    "TIMESTAMP": (
        [
            *("2026-01-31", "2026-01-31 10:00:00.123456", "2026-01-31T10:00:00Z"),
            *("2026-01-31 10:00:00 UTC", "2026-01-31 10:00:00.5 gmt"),
        ],
        [
            *("2026-01-31 10:00:00.1234567", "2026-01-31T10:00:00+02:00"),
            *("2026-01-31 10:00:00 PM", "2026-01-31 10:00:00 Europe/Berlin"),
        ],
    ),
    "TIMESTAMP WITH TIME ZONE": (
        ["2026-01-31 10:00:00.1234560+02", "2026-01-31 10:00:00 Europe/Berlin"],
        ["2026-01-31 10:00:00.1234567+00"],
    ),
    "TIME": (
        ["10:00", "9:05:30.123456", "10:00:00.1234560", "10:00:00Z", "10:00:00+00:00"],
        ["10:00:00.1234567", "10:00:00+02", "10:00:00 PM", "2026-01-31 10:00:00", "10:00:00 CET"],
    ),
    "TIMESTAMP_S": (["2026-01-31 10:00:00.000"], ["2026-01-31 10:00:00.5"]),
    "BOOLEAN": (["true", "F"], ["5"]),
    "BIGINT[]": (["[1, 2]", "[]", "[NULL]"], ["[1, 2.5]"]),
    "JSON": (['{"a":1.50}'], ["{a"]),
    "VARCHAR": (["01.50"], []),
}
OTHERS = [
    ("BIGINT", "DOUBLE", "2.0", "2.5"),
    ("DATE", "TIMESTAMP", "'2026-01-31'", "'2026-01-31 12:00:00'"),
    ("DECIMAL(10,2)", "DECIMAL(10,3)", "1.5", "1.555"),
    ("DOUBLE", "BIGINT", "9007199254740992", "9007199254740993"),
    ("BOOLEAN", "BIGINT", "1", "5"),
    ("BIGINT[]", "DOUBLE[]", "[1, NULL]", "[1, 2.5]"),
    ("BIGINT", "JSON", "'2.0'", "'2.5'"),
    ("BIGINT", "UUID", "NULL", "'019a0000-0000-7000-8000-000000000000'"),
]


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        yield connection


def cast(database, value, found, wanted, **options):
    sql = f"CAST({exact.cast('v', found, wanted, 3, **options)} AS VARCHAR)"
    return database.execute(f"SELECT {sql} FROM (SELECT CAST({value} AS {found}) v)").fetchone()[0]


def refused(database, value, found, wanted, **options):
    with pytest.raises(duckdb.Error) as failed:
        cast(database, value, found, wanted, **options)
    return exact.NotKept.of(str(failed.value).partition("Error: ")[2])


@pytest.mark.parametrize("wanted", TEXTS)
def test_a_text_becomes_exactly_what_it_says(database, wanted):
    kept, others = TEXTS[wanted]
    for text in kept:
        assert cast(database, f"'{text}'", "VARCHAR", wanted) is not None
    for text in others:
        lost = refused(database, f"'{text}'", "VARCHAR", wanted)
        assert (lost.column, lost.value) == (3, text)


@pytest.mark.parametrize(("wanted", "found", "kept", "lost"), OTHERS)
def test_other_values_come_back_as_they_were(database, wanted, found, kept, lost):
    cast(database, kept, found, wanted)
    assert refused(database, lost, found, wanted)


def test_leading_zeros_stay_unless_a_number_was_chosen(database):
    assert cast(database, "'01067'", "VARCHAR", "BIGINT") == "1067"
    assert cast(database, "'0.5'", "VARCHAR", "DOUBLE", zeros=False) == "0.5"
    assert cast(database, "'0'", "VARCHAR", "BIGINT", zeros=False) == "0"
    assert refused(database, "'01067'", "VARCHAR", "BIGINT", zeros=False).value == "01067"
    assert refused(database, "'-007.5'", "VARCHAR", "DOUBLE", zeros=False)
