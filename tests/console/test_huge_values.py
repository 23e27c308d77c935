"""A value that no reader has memory for is refused before it is written."""

import pytest

from console.engines import Limits, QueryError, get_engine
from integrations.rows import Rows

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


def test_rows_too_wide_to_be_written_by_the_hundred_thousand_are_written_a_few_at_a_time(tmp_path):
    wide = "SELECT i, repeat(md5(CAST(i AS VARCHAR)), 256) AS text FROM range(50000) AS r(i)"
    engine = get_engine("duckdb")
    statement = engine.plan(wide, database="demo", tables={})

    done = engine.execute(statement, tmp_path / "rows.parquet", limits=Limits(memory_mb=256))

    assert done.rows == 50_000
    written = Rows(tmp_path / "rows.parquet")
    numbers = (n for rows in written.portions() for n in rows["i"].to_pylist())
    assert all(found == wanted for found, wanted in zip(numbers, range(50_000), strict=True))
