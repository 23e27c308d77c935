"""Types that are made of others: each part keeps its name, its place and its values."""

import pytest

from console.engines import types
from tests.console.asking import rows

# What is kept: (SQL, value, type as people see it).
KEPT = [
    (
        "CAST(ROW(1, 'x') AS ROW(UUID bigint, name varchar))",
        {"UUID": 1, "name": "x"},
        "row(UUID bigint, name varchar)",
    ),
    ("CAST(ROW(1) AS ROW(HUGEINT integer))", {"HUGEINT": 1}, "row(HUGEINT integer)"),
    (
        "CAST(ROW(ROW(TIME '12:00:00')) AS ROW(JSON ROW(TIME time)))",
        {"JSON": {"TIME": "12:00:00"}},
        "row(JSON row(TIME varchar))",
    ),
    ('CAST(ROW(1) AS ROW("NULL" integer))', {"NULL": 1}, "row(NULL integer)"),
    ("ARRAY[TIME '12:00:00']", ["12:00:00"], "array(varchar)"),
    ("ARRAY[CAST(ROW(1) AS ROW(BIT integer))]", [{"BIT": 1}], "array(row(BIT integer))"),
]
OF_DUCKDB = [
    ("['a'::ENUM('a', 'b')]", ["a"], "array(varchar)"),
    ("[['a'::ENUM('a', '[')]]", [["a"]], "array(array(varchar))"),
    ("{'e': 'b,'::ENUM('a)', 'b,'), 'n': 1}", {"e": "b,", "n": 1}, "row(e varchar, n integer)"),
    ("MAP {'k'::ENUM('k'): 1::HUGEINT}", [("k", 1)], "map(varchar, bigint)"),
    ("row(1::HUGEINT, 'x')", {"element1": 1, "element2": "x"}, "tuple(bigint, varchar)"),
]


@pytest.mark.parametrize("engine", ["trino", "duckdb"])
@pytest.mark.parametrize(("sql", "value", "kind"), KEPT)
def test_a_field_may_be_called_as_a_type_is(tmp_path, engine, sql, value, kind):
    assert rows(f"SELECT {sql} AS r", tmp_path, engine) == ([(value,)], [("r", kind)])


@pytest.mark.parametrize(("sql", "value", "kind"), OF_DUCKDB)
def test_what_only_duckdb_has_is_kept_inside_of_others(tmp_path, sql, value, kind):
    assert rows(f"SELECT {sql} AS r", tmp_path, "duckdb") == ([(value,)], [("r", kind)])


def test_a_table_takes_values_of_such_a_type(tmp_path):
    kind = "row(UUID bigint, it's varchar, n bigint)"

    assert types.stored(types.duckdb(kind)) == (
        'STRUCT("UUID" BIGINT, "it\'s" VARCHAR, "n" BIGINT)'
    )
