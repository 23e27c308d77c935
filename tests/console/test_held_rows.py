"""Rows that wait to be written have less memory, where the plan holds no others."""

import _duckdb as duckdb
import pytest

from console.engines import Limits, Source, get_engine, holding
from integrations.rows import Rows

LIMITS = {"memory_mb": 1024, "threads": 2}
PASSING = (
    "SELECT * FROM t",
    "SELECT a, upper(b) AS b FROM t WHERE a > 5 LIMIT 10",
    "SELECT a, row_number() OVER () FROM t UNION ALL SELECT a, unnest([1, 2]) FROM t",
    "SELECT 1",
)
HOLDING = (
    "SELECT * FROM t ORDER BY b",
    "SELECT b, count(*) FROM t GROUP BY b",
    "SELECT DISTINCT b FROM t",
    "SELECT t.a FROM t JOIN t AS u ON t.a = u.a + 1",
    "SELECT a, sum(a) OVER (ORDER BY b) FROM t",
    "WITH m AS MATERIALIZED (SELECT * FROM t) SELECT * FROM m UNION ALL SELECT * FROM m",
    "SELECT a FROM t EXCEPT SELECT 3",
)


@pytest.fixture
def connection(tmp_path):
    with duckdb.connect(config={"threads": 2}) as connection:
        file = tmp_path / "t.parquet"
        rows = "SELECT i AS a, CAST(i AS VARCHAR) AS b FROM range(1000) AS numbers(i)"
        connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")
        connection.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet(['{file}'])")
        yield connection


def bounded(connection, sql, columns, limits=LIMITS):
    """Return what operators may use together once a query was looked at; none is all there is."""
    plan = connection.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()[0][1]
    holding.bound(connection, plan, columns, limits)
    return connection.execute("SELECT current_setting('operator_memory_limit')").fetchone()[0]


@pytest.mark.parametrize("sql", PASSING)
def test_a_query_that_hands_rows_on_has_what_its_threads_need_for_its_columns(connection, sql):
    assert bounded(connection, sql, columns=12) == "366.2 MiB"  # 384 MB


@pytest.mark.parametrize("sql", HOLDING)
def test_a_query_that_holds_rows_keeps_all_its_memory(connection, sql):
    assert bounded(connection, sql, columns=12) is None


def test_few_columns_have_room_for_long_texts_and_many_have_all_there_is(connection):
    assert bounded(connection, "SELECT * FROM t", columns=1) == "244.1 MiB"  # 256 MB
    connection.execute("RESET operator_memory_limit")
    assert bounded(connection, "SELECT * FROM t", columns=60) is None


def test_a_limit_that_is_lower_anyway_is_left(connection):
    little = LIMITS | {"memory_mb": 256}
    assert bounded(connection, "SELECT * FROM t", columns=1, limits=little) is None


def test_rows_of_many_groups_come_in_their_order_however_few_may_wait(tmp_path):
    file, texts = tmp_path / "t.parquet", ", ".join(f"md5(i || '{n}') AS c{n}" for n in range(6))
    with duckdb.connect() as connection:
        rows = f"SELECT i, {texts} FROM range(600000) AS numbers(i)"
        connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")
    engine = get_engine("duckdb")
    tables = {"demo": {"t": Source((str(file),))}}
    statement = engine.plan("SELECT * FROM t", database="demo", tables=tables)

    engine.execute(statement, tmp_path / "rows", limits=Limits(memory_mb=512, threads=2))

    written = Rows(tmp_path / "rows")
    numbers = [n for portion in written.portions() for n in portion["i"].to_pylist()]
    assert numbers == list(range(600_000))
