"""Tables of the console made of what a Trino cluster has."""

import pytest

from console.models import Database
from tests.console.lake import refused

pytestmark = pytest.mark.needs("trino")


def test_a_table_is_made_of_what_the_cluster_has(run, own, marketer):
    made, _ = run(
        "CREATE TABLE copied AS SELECT n, who, json '{}' AS j FROM lake.visits WHERE n < 3", "own"
    )
    run("INSERT INTO copied (who, n) SELECT who, n FROM lake.visits WHERE n = 4", "own")
    _, rows = run("SELECT * FROM copied ORDER BY n", "own")

    assert (made.written_table, made.rows) == ("own.copied", 1)
    assert rows["who"].to_pylist() == ["ann", "bob", "zoë"]
    kinds = Database.objects.get(name="own").tables.get(name="copied").columns
    assert kinds == [["n", "integer"], ["who", "varchar"], ["j", "json"]]
    error = refused(
        run, "INSERT INTO copied (who, n) SELECT n, who FROM lake.visits", database="own"
    )
    assert "use CAST" in str(error)


@pytest.mark.parametrize(
    ("head", "query"),
    [
        ("INSERT INTO spans (until, since)", "SELECT n, time FROM lake.visits {}"),
        ("INSERT INTO TABLE own.spans (until, since)", "(SELECT n, time FROM lake.visits {})"),
        ("INSERT /* x */ INTO own . spans", "SELECT time, n, NULL, NULL FROM lake.visits {}"),
        (
            "INSERT INTO spans (until, since)",
            "WITH v AS (SELECT n, time FROM lake.visits {}) SELECT n, time FROM v",
        ),
    ],
)
def test_rows_are_put_into_a_table_by_the_names_of_its_columns(run, own, head, query):
    run("CREATE TABLE spans (since double, until bigint, a varchar, b varchar)", "own")
    condition = "WHERE TD_INTERVAL(time, '-1d', 'JST') AND n < 3"
    run(f"{head} {query.format(condition)}", "own")
    _, rows = run("SELECT since, until FROM spans", "own")

    assert rows.to_pylist() == [{"since": 1774704600.0, "until": 1}]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE /* x */ TABLE own.made /* daily */ AS SELECT n FROM lake.visits",
        "CREATE TABLE IF NOT EXISTS own.made AS (SELECT n FROM lake.visits);",
        "CREATE TABLE own.made AS WITH a AS (SELECT n FROM lake.visits) SELECT * FROM a -- end",
    ],
)
def test_a_table_is_made_however_that_is_written(run, own, sql):
    run(sql, "own")
    assert run("SELECT count(*) AS n FROM made", "own")[1]["n"].to_pylist() == [6]


def test_a_with_before_an_insert_is_to_be_moved(run, own):
    run("CREATE TABLE kept (n bigint)", "own")
    sql = "WITH a AS (SELECT n FROM lake.visits) INSERT INTO kept SELECT * FROM a"
    assert "WITH is written right before the SELECT" in str(refused(run, sql, "own"))


def test_rows_with_moments_go_into_the_table_that_was_made_of_such(run, own):
    sql = "SELECT n, from_unixtime(time) AS at FROM lake.visits WHERE n = {}"
    run(f"CREATE TABLE moments AS {sql.format(1)}", "own")
    run(f"INSERT INTO moments {sql.format(2)}", "own")
    found, rows = run("SELECT at FROM moments ORDER BY n", "own")

    assert found.columns == [("at", "timestamp(6) with time zone")]
    assert [each.timestamp() for each in rows["at"].to_pylist()] == [1774704600, 1774747800]


def test_with_data_is_left_out(run, own):
    error = refused(run, "CREATE TABLE made AS SELECT n FROM lake.visits WITH NO DATA", "own")
    assert str(error) == "For rows of the Trino cluster leave out WITH DATA, or WITH NO DATA."


@pytest.mark.parametrize("sql", ["DROP TABLE visits", "CREATE TABLE x AS SELECT 1 AS n"])
def test_nothing_is_changed_on_the_cluster(run, sql):
    assert "is on the Trino cluster" in str(refused(run, sql))
