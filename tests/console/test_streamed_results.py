"""Results of large tables are streamed: the same rows, types, order and errors as any result."""

import hashlib
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import _duckdb as duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.engines import (
    Limits,
    QueryError,
    Source,
    embedded,
    get_engine,
    process,
    streaming,
    writing,
)
from integrations.errors import Stopped
from integrations.rows import Rows

MANY = 400_000  # rows: several groups, and several batches for each thread
EXTREMES = {
    "yes": ("bool", [True, False]),
    "tiny": ("int8", [-128, 127, 0]),
    "small": ("int16", [-(2**15), 2**15 - 1]),
    "whole": ("int32", [-(2**31), 2**31 - 1]),
    "big": ("int64", [-(2**63), 2**63 - 1]),
    "single": ("float32", [float("nan"), float("inf"), -0.0, 1.5]),
    "double": ("float64", [float("nan"), float("-inf"), -0.0, 1e-300, 0.1]),
    "price": (pa.decimal128(5, 2), [Decimal("-999.99"), Decimal("0.10")]),
    "sum": (pa.decimal128(18, 6), [Decimal("123456789012.345678")]),
    "huge": (pa.decimal128(38, 0), [Decimal(10**38 - 1), Decimal(-(10**38) + 1)]),
    "text": ("string", ["", "ü€😀", "a\0b", '"', "\r\n", "x" * 5000]),
    "day": (pa.date32(), [date(1, 1, 1), date(9999, 12, 31), date(1969, 12, 31)]),
    "moment": (pa.timestamp("us"), [-62135596800000000, 253402300799999999]),
    "a.b": ("string", ["dotted"]),
    "": ("string", ["nameless"]),
}


@pytest.fixture
def stream(monkeypatch):
    """A function that says from how many bytes on results are streamed; at first all are."""

    def stream(many):
        monkeypatch.setattr(embedded, "MANY_BYTES", many)

    stream(0)
    return stream


@pytest.fixture
def execute(tmp_path):
    """A function that runs a query over the table t, and gives what the engine answers."""

    def execute(sql, table=tmp_path / "t.parquet", name="result", **more):
        engine = get_engine("duckdb")
        tables = {"demo": {"t": Source((str(table),))}}
        statement = engine.plan(sql, database="demo", tables=tables)
        return engine.execute(statement, tmp_path / name, **more)

    return execute


@pytest.fixture
def numbers(tmp_path):
    """A table of many rows in their order, with a text that comes often and one that does not."""
    with duckdb.connect(config={"threads": 2}) as connection:
        rows = "SELECT i AS n, i % 7 || 'th' AS often, md5(i::VARCHAR) AS once"
        connection.execute(
            f"COPY ({rows} FROM range({MANY}) AS r(i)) TO '{tmp_path}/t.parquet' "
            "(FORMAT parquet, ROW_GROUP_SIZE 20480)"
        )


def made_by(path):
    return pq.read_metadata(path).created_by


def test_values_of_each_plain_type_are_those_that_duckdb_writes(stream, execute, tmp_path):
    chance = random.Random(5)
    columns = {
        name: pa.array([chance.choice([*values, None]) for _ in range(3000)], kind)
        for name, (kind, values) in EXTREMES.items()
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")

    streamed = execute("SELECT * FROM t")
    stream(1 << 40)
    copied = execute("SELECT * FROM t", name="copied")

    assert "arrow" in made_by(tmp_path / "result") and "DuckDB" in made_by(tmp_path / "copied")
    assert (streamed.columns, streamed.rows) == (copied.columns, copied.rows)
    one, other = Rows(tmp_path / "result"), Rows(tmp_path / "copied")
    assert one.schema.equals(other.schema)
    assert spelled(one) == spelled(other)
    assert seen_by_duckdb(tmp_path / "result") == seen_by_duckdb(tmp_path / "copied")


def spelled(rows):
    """Return each row as a text, in which not-a-numbers and signs of zeros count."""
    return [str(row) for portion in rows.portions() for row in portion.to_pylist()]


def seen_by_duckdb(path):
    with duckdb.connect() as connection:
        read = f"FROM read_parquet('{path}')"
        return connection.execute(f"DESCRIBE {read}").fetchall(), str(
            connection.execute(f"SELECT * {read}").fetchall()
        )


def test_many_rows_come_in_their_order_in_groups_that_are_not_too_large(
    stream, execute, numbers, tmp_path
):
    found = execute("SELECT n, often, once FROM t WHERE n % 3 > 0")

    rows = pq.read_table(tmp_path / "result")
    assert found.rows == rows.num_rows == sum(n % 3 > 0 for n in range(MANY))
    assert rows["n"].to_pylist() == [n for n in range(MANY) if n % 3]
    metadata = pq.read_metadata(tmp_path / "result")
    sizes = [metadata.row_group(each).num_rows for each in range(metadata.num_row_groups)]
    assert len(sizes) > 2 and max(sizes) < writing.GROUP_ROWS + streaming.BATCH_ROWS
    stored = [metadata.row_group(0).column(place).has_dictionary_page for place in range(3)]
    assert stored == [False, True, False]


def test_who_waits_for_few_rows_waits_for_nothing_else(stream, execute, numbers, tmp_path):
    execute("SELECT count(*) AS n FROM t", waited_for=True)

    assert "DuckDB" in made_by(tmp_path / "result")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) AS n, max(n) AS most FROM t",
        "SELECT n FROM t ORDER BY once LIMIT 1000",
        "SELECT often, sum(n) AS s FROM t GROUP BY often ORDER BY often",
        "SELECT * FROM t WHERE n < 0",
    ],
)
def test_any_query_has_the_same_rows(stream, execute, numbers, tmp_path, sql):
    streamed = execute(sql)
    stream(1 << 40)
    copied = execute(sql, name="copied")

    assert streamed.columns == copied.columns
    one, other = (pq.read_table(tmp_path / name) for name in ("result", "copied"))
    assert one.equals(other.cast(one.schema)) and one.schema.types == other.schema.types
    assert "arrow" in made_by(tmp_path / "result")


@pytest.mark.parametrize(
    "column",
    ["[n]", "{'a': n}", "now()", "MAP {n: n}", "encode(often)", "make_timestamp(n)::TIMESTAMP_NS"],
)
def test_other_types_are_written_by_duckdb(stream, execute, numbers, tmp_path, column):
    execute(f"SELECT n, {column} AS other FROM t LIMIT 10")

    assert "DuckDB" in made_by(tmp_path / "result")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT n,\n CASE WHEN n = 390000 THEN CAST(n AS TINYINT) END AS x FROM t",
        "SELECT CASE WHEN n = 390000 THEN error('no such n') ELSE n END AS x FROM t",
        "SELECT CASE WHEN n = 390000 THEN repeat('a', 16777217) END AS x FROM t",
        "SELECT missing FROM t",
        "SELECT n FROM t WHERE",
    ],
)
def test_what_is_wrong_is_told_in_the_same_words_at_the_same_place(stream, execute, numbers, sql):
    said = []
    for many in (0, 1 << 40):
        stream(many)
        with pytest.raises(QueryError) as refused:
            execute(sql)
        said.append((str(refused.value), refused.value.line, refused.value.column))

    assert said[0] == said[1]


def test_a_result_that_is_too_large_is_stopped(stream, execute, numbers, tmp_path):
    with pytest.raises(QueryError, match="larger than the 1 MB"):
        execute("SELECT * FROM t", limits=Limits(result_mb=1))

    assert not (tmp_path / "result").exists()


def test_it_is_stopped_within_two_seconds(stream, execute, numbers):
    asked = []

    def stopped():
        asked.append(datetime.now(UTC))
        return len(asked) > 3

    with pytest.raises(Stopped):
        execute("SELECT t.* FROM t, range(100000) AS r(i)", stopped=stopped)

    assert datetime.now(UTC) - asked[-1] < timedelta(seconds=2)


def test_its_progress_is_told(stream, execute, numbers):
    told = []

    execute("SELECT sha256(sha256(once)) AS x FROM t, range(4)", progress=told.append)

    assert told == sorted(told) and all(0 <= share <= 1 for share in told)


@pytest.mark.parametrize(("times", "by"), [(500, "arrow"), (3000, "DuckDB")], ids=str)
def test_wide_rows_are_written_whoever_can(stream, execute, numbers, tmp_path, times, by):
    wide = f"SELECT n, repeat(once, {times}) AS text FROM t WHERE n < 2500"

    assert execute(wide, limits=Limits(memory_mb=1024)).rows == 2500
    assert by in made_by(tmp_path / "result")
    numbers = []
    for portion in Rows(tmp_path / "result").portions():
        numbers += portion["n"].to_pylist()
        assert set(portion["text"].to_pylist()) <= {
            text(n, times) for n in portion["n"].to_pylist()
        }
    assert numbers == list(range(2500))


def text(n, times):
    return hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest() * times


def test_a_child_that_crashes_while_it_streams_is_followed_by_one_that_does_not(
    stream, execute, numbers, tmp_path, monkeypatch
):
    asked = []

    def crash(request, **more):
        asked.append(request["streams"])
        if request["streams"]:
            Path(request["folder"], "output.parquet").write_bytes(b"half")
            raise process.Crashed("The query's process ended by itself (SIGSEGV).")
        return process.run_child(request, **more)

    monkeypatch.setattr(embedded, "run_child", crash)

    assert execute("SELECT n FROM t").rows == MANY
    assert asked == [True, False] and "DuckDB" in made_by(tmp_path / "result")


def test_where_the_disk_is_full_nothing_stays(stream, execute, numbers, tmp_path, monkeypatch):
    monkeypatch.setattr("console.engines.process.SPARE_MB", 0)

    with pytest.raises(QueryError, match="has no room left"):
        execute("SELECT * FROM t", limits=Limits(temp_mb=1, result_mb=1))

    assert not [path.name for path in tmp_path.iterdir() if "result" in path.name.split(".")]


def test_small_tables_first_rows_and_rows_for_tables_are_not_streamed(stream, numbers, tmp_path):
    stream(64 << 20)
    engine, tables = get_engine("duckdb"), {"demo": {"t": Source((str(tmp_path / "t.parquet"),))}}

    def streams(sql, **more):
        statement = engine.plan(sql, database="demo", tables=tables)
        return embedded.is_large(replace(statement, **more))

    assert not streams("SELECT * FROM t")
    stream((tmp_path / "t.parquet").stat().st_size)
    assert streams("SELECT * FROM t") and streams("SELECT 1 FROM t UNION ALL SELECT 2 FROM t")
    assert not streams("SELECT * FROM t", most=100)
    assert not streams("CREATE TABLE demo.u AS SELECT * FROM t")
    stream((tmp_path / "t.parquet").stat().st_size + 1)
    assert not streams("SELECT 1 FROM t UNION ALL SELECT 2 FROM t")
