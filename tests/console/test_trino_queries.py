"""Queries of tables on a Trino cluster: what they mean, and what they may read."""

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest

from console import tables
from console.engines import QueryError
from console.models import Database
from console.tables.remote import mirror
from tests.console.lake import SLOT, refused

pytestmark = pytest.mark.needs("trino")
DAY = "TD_TIME_ADD(TD_SCHEDULED_TIME(), '-1d', 'JST')"

FUNCTIONS = [
    f"TD_TIME_RANGE(time, {DAY}, TD_SCHEDULED_TIME(), 'JST')",
    "TD_TIME_RANGE(time, '2026-03-29')",
    "TD_TIME_RANGE(time, '2026-03-29', NULL, 'JST')",
    "TD_TIME_RANGE(time, NULL, '2026-03-29 JST')",
    "TD_TIME_RANGE(time, 1774747800, TD_TIME_ADD('2026-03-29', '5h'))",
    "TD_INTERVAL(time, '-1d', 'JST')",
    "TD_INTERVAL(time, '-7d/-1d')",
    "TD_INTERVAL_RANGE('-1M/-1M', 'JST')",
    "TD_TIME_ADD(time, '-36h')",
    "TD_TIME_ADD(TD_DATE_TRUNC('day', time, 'Europe/Berlin'), '1d')",
    "TD_DATE_TRUNC('week', time, 'JST')",
    "TD_DATE_TRUNC('HOUR', time, 'Asia/Kolkata')",
    "TD_TIME_FORMAT(time, 'yyyy-MM-dd HH:mm:ss Z', 'Europe/Berlin')",
    "TD_TIME_FORMAT(TD_SCHEDULED_TIME(), 'yyyyMMdd', 'JST')",
    "TD_TIME_STRING(time, 'd!', 'JST')",
    "TD_TIME_STRING(time, 'M')",
    "TD_TIME_STRING(time, 'h!', 'Europe/Berlin')",
    "TD_TIME_PARSE(told)",
    "TD_TIME_PARSE(told, 'JST')",
    "TD_SCHEDULED_TIME()",
    "CASE WHEN TD_TIME_RANGE(time, '2026-03-29') THEN UPPER(who) ELSE 'None' END",
]


def test_functions_of_td_mean_there_what_they_mean_here(run, own):
    columns = ", ".join(f"{value} AS v{at}" for at, value in enumerate(FUNCTIONS))
    _, there = run(f"SELECT {columns} FROM visits ORDER BY n")
    _, here = run(f"SELECT {columns} FROM visits ORDER BY n", database="own")

    for at, value in enumerate(FUNCTIONS):
        found = there[f"v{at}"].to_pylist()
        assert found == here[f"v{at}"].to_pylist(), value
        assert any(each is not None for each in found), value


def test_times_that_are_the_same_for_all_rows_are_numbers_in_the_query(marketer, lake):
    statement = tables.plan(
        f"SELECT TD_SCHEDULED_TIME() AS now, count(*) FROM visits WHERE "
        f"TD_TIME_RANGE(time, {DAY}, TD_SCHEDULED_TIME()) GROUP BY TD_SCHEDULED_TIME()",
        owner=marketer,
        database="lake",
        slot=SLOT,
    )
    assert "td_" not in statement.body.lower()
    assert statement.constants.lower().count("td_scheduled_time") == 4


def test_a_constant_in_group_by_is_no_number_of_a_column(run):
    _, rows = run("SELECT count(*) AS n FROM visits GROUP BY TD_SCHEDULED_TIME()")
    assert rows["n"].to_pylist() == [6]


def test_the_query_goes_there_as_it_was_written(run):
    sql = """
        -- Comments stay here /* both */ kinds
        SELECT lake.visits.n, v2."who" AS "Who", DECIMAL '1.50' AS price, 'it''s -- no comment'
            AS note, U&'\\00e9' AS e, visits.n % 2 = 1 AS odd /* ; */
        FROM visits JOIN Lake."visits" v2 ON visits.n = v2.n
        WHERE visits.n IN (SELECT n FROM lake.visits AS inside) AND visits.n < 3
        ORDER BY 1 DESC;  -- the end
    """
    found, rows = run(sql)

    assert [name for name, _ in found.columns] == ["n", "Who", "price", "note", "e", "odd"]
    assert rows.to_pylist()[0] == {
        "n": 2,
        "Who": "bob",
        "price": Decimal("1.50"),
        "note": "it's -- no comment",
        "e": "é",
        "odd": False,
    }
    assert rows["n"].to_pylist() == [2, 1]


def test_names_that_a_with_makes_are_no_tables(run):
    _, rows = run("WITH visits AS (SELECT who FROM lake.people) SELECT count(*) AS n FROM visits")
    assert rows["n"].to_pylist() == [6]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM system.runtime.queries, visits",
        "SELECT * FROM information_schema.tables, visits",
        "SELECT * FROM TABLE(sequence(1, 3)), visits",
        "SELECT (TABLE system.runtime.queries), n FROM visits",
        "WITH FUNCTION f() RETURNS bigint RETURN 1 SELECT f() FROM visits",
        "EXPLAIN SELECT * FROM visits",
    ],
)
def test_what_else_is_on_the_cluster_cannot_be_read(run, sql):
    assert refused(run, sql)


def test_a_table_that_only_the_cluster_sees_in_a_query_is_refused(run, lake, marketer, tmp_path):
    """The console's parser may miss one: the cluster is asked which tables it reads."""
    statement = tables.plan("SELECT * FROM visits", owner=marketer, database="lake")
    missed = replace(statement, body="SELECT state FROM system.runtime.queries")

    with pytest.raises(QueryError, match=r"reads system\.runtime\.queries on the Trino cluster"):
        tables.remote.cluster().execute(missed, tmp_path / "missed")
    assert not list(tmp_path.glob("*missed*"))


def test_a_table_that_was_made_since_the_last_look_is_found(run, lake, trino_server, lake_schema):
    name = f"made_{uuid.uuid4().hex}"
    trino_server.run(f"CREATE TABLE lake.{lake_schema}.{name} AS SELECT 1 AS n")

    assert run(f"SELECT n FROM {name}")[0].rows == 1
    trino_server.run(f"DROP TABLE lake.{lake_schema}.{name}")
    assert run("SELECT 1 AS n FROM visits")[0].rows == 6
    assert "does not exist" in str(refused(run, f"SELECT n FROM {name}"))


def test_a_database_that_is_not_shared_cannot_be_read(lake, marketer, django_user_model, tmp_path):
    lake.everyone_reads = False
    lake.owner = django_user_model.objects.create_user("otto")
    lake.save()
    tables.create_database("mine", marketer)

    with pytest.raises(QueryError, match=r"There is no table lake\.visits that you may read"):
        tables.execute(
            "SELECT * FROM lake.visits", owner=marketer, database="mine", output=tmp_path / "r"
        )


def test_a_query_reads_from_here_or_from_there(run, own):
    error = refused(run, "SELECT * FROM lake.visits JOIN own.visits AS mine USING (n)")
    assert str(error).startswith("lake.visits is on the Trino cluster and own.visits is not")
    assert (error.line, error.column) == (1, 32)


def test_duckdbs_sql_does_not_reach_the_cluster(run):
    error = refused(run, "SELECT * FROM visits", engine="duckdb")
    assert str(error) == (
        "lake.visits is on the Trino cluster, which understands Trino SQL alone: choose that."
    )


def test_what_a_function_of_td_makes_is_no_sql(run):
    """Its pattern can have a quote in it, and texts can look like what stands for it."""
    text = "console_constant_0 console_0_ 0_"
    value = "TD_TIME_FORMAT(0, 'yyyy'' || (SELECT 1) || ''')"
    _, rows = run(f"SELECT '{text}' AS a, {value} AS b FROM visits WHERE n = 1")
    assert rows.to_pylist() == [{"a": text, "b": "1970 || (SELECT 1) || "}]


def test_values_that_differ_by_row_without_a_column_do_so(run):
    _, rows = run("SELECT TD_TIME_ADD(row_number() OVER (ORDER BY n), '1d') AS v FROM visits")
    assert sorted(rows["v"].to_pylist()) == [86400 + n for n in range(1, 7)]


def test_tables_of_one_name_are_told_apart_by_their_databases(
    run, marketer, lake_schema, trino_server
):
    trino_server.run(f"CREATE SCHEMA IF NOT EXISTS memory.{lake_schema}")
    trino_server.run(f"CREATE TABLE memory.{lake_schema}.visits AS SELECT 2 AS n")
    pond = Database.objects.create(
        name="pond", owner=marketer, catalog="memory", schema=lake_schema
    )
    mirror(pond)
    _, rows = run(
        "SELECT lake.visits.n AS a, pond.visits.n AS b FROM lake.visits JOIN pond.visits "
        "ON lake.visits.n < pond.visits.n"
    )
    assert rows.to_pylist() == [{"a": 1, "b": 2}]
