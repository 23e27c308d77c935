"""A value that no reader has memory for is refused before it is written."""

import pytest

from console.engines import QueryError, get_engine

HUGE = "repeat('a', 16777217)"
LARGEST = "repeat('a', 16777216)"


def attempt(sql, folder):
    engine = get_engine("duckdb")
    return engine.execute(engine.plan(sql, database="demo", tables={}), folder / "rows.parquet")


@pytest.mark.parametrize(
    "value", [HUGE, f"CAST({HUGE} AS BLOB)", f"[{HUGE}]", f"{{'a': {HUGE}}}", f"MAP {{1: {HUGE}}}"]
)
def test_a_value_above_the_limit_is_refused_by_the_name_of_its_column(value, tmp_path):
    with pytest.raises(QueryError) as refused:
        attempt(f"SELECT 1 AS n, {value} AS letters", tmp_path)

    said = 'Column "letters" holds a value larger than the 16 MB that one may have.'
    assert str(refused.value) == said


def test_a_value_at_the_limit_and_many_that_are_large_together_are_kept(tmp_path):
    sql = (
        f"SELECT {LARGEST} AS x, NULL AS y UNION ALL SELECT repeat('b', 9000000), 'c' FROM range(2)"
    )
    assert attempt(sql, tmp_path).rows == 3
