"""SQL that is written to keep a server busy is refused, or read, at once."""

import time

import pytest

from console.engines import QueryError, get_engine
from console.jobs.rerun import changes_a_table
from console.models import Job
from console.queries.diffing import compare
from console.queries.formatting import CannotFormat, format_sql

COMMENTS = "/**/" * 100_000
SECONDS = 10


@pytest.fixture(autouse=True)
def soon():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SECONDS


def plan(sql, engine):
    return get_engine(engine).plan(sql, database="demo", tables={"demo": {}})


def test_many_comments_before_a_statement_are_read_once():
    assert plan(f"{COMMENTS}SELECT 1", "duckdb").kind == "select"
    assert plan(f"{COMMENTS}DROP TABLE abc", "duckdb").kind == "drop"


def test_many_blanks_after_a_name_are_read_once():
    assert plan(f"DROP TABLE abc{' ' * 100_000}x", "duckdb").kind == "select"


def test_comments_that_never_end_are_read_once():
    plan("SELECT 1 " + "/* " * 100_000, "duckdb")


def test_whether_a_lost_job_changed_a_table_is_seen_at_once():
    assert changes_a_table(Job(sql=f"{COMMENTS}INSERT INTO abc SELECT 1"))
    assert not changes_a_table(Job(sql=f"{COMMENTS}SELECT 'insert'"))


@pytest.mark.parametrize("opened", ["ARRAY[", "ROW(", "VARCHAR("])
def test_types_that_stand_deep_in_each_other_are_refused(opened):
    closed = "]" if opened.endswith("[") else ")"
    sql = f"SELECT {opened * 40}1{closed * 40}"

    with pytest.raises(QueryError, match="nested too deeply"):
        plan(sql, "trino")
    with pytest.raises(CannotFormat, match="nested too deeply"):
        format_sql(sql, "trino")


def test_arrays_of_arrays_are_still_understood():
    sql = f"SELECT {'ARRAY[' * 6}1{']' * 6}"

    assert plan(sql, "trino").kind == "select"
    assert format_sql(sql, "trino").startswith("SELECT")


def test_a_hundred_thousand_brackets_are_refused():
    sql = f"SELECT {'(' * 100_000}1{')' * 100_000}"

    with pytest.raises(QueryError, match="nested too deeply"):
        plan(sql, "trino")


@pytest.mark.parametrize("depth", [300, 100_000])
def test_what_is_too_deep_or_too_long_is_not_formatted(depth):
    with pytest.raises(CannotFormat):
        format_sql(f"SELECT {'(' * depth}1{')' * depth}", "trino")


@pytest.mark.parametrize("line", ["a\n", "{}\n"])
def test_long_versions_are_compared_at_once(line):
    old = "".join(line.format(number % 900) for number in range(50_000))

    assert len(compare(old, "b\n" + old)) == 100_001


def test_versions_that_repeat_a_line_are_compared_line_by_line():
    assert [line.sign for line in compare("a\n" * 300, "a\n" * 301)].count("+") == 1


@pytest.mark.parametrize("sql", ["SELECT CAST({} AS BIGINT)", "SELECT error({})"])
def test_the_message_of_an_error_has_a_length_that_can_be_read(sql, tmp_path):
    engine = get_engine("duckdb")
    sql = sql.format("repeat('a', 1000000)")
    statement = engine.plan(sql, database="demo", tables={"demo": {}})

    with pytest.raises(QueryError) as caught:
        engine.execute(statement, tmp_path / "output.parquet")

    assert len(str(caught.value)) < 1100
