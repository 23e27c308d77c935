"""Queries of tables on a Trino cluster: what they mean, what they make, and what stops them."""

import datetime as dt
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import duckdb
import pyarrow.parquet as pq
import pytest

from console import jobs, tables
from console.engines import Limits, QueryError
from console.engines.cluster import Cluster
from console.models import Database, Job
from console.tables.remote import mirror
from integrations.errors import PermanentError, Stopped, TransientError
from integrations.models import Authentication
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.needs("trino")
SLOT = dt.datetime(2026, 3, 29, 3, 30, tzinfo=dt.UTC)  # As clocks of Europe go forward.
DAY = "TD_TIME_ADD(TD_SCHEDULED_TIME(), '-1d', 'JST')"
VISITS = """
SELECT * FROM (VALUES
    (1, BIGINT '1774704600', 'ann', '2026-03-28 22:30:00'),
    (2, BIGINT '1774747800', 'bob', '2026-03-29T01:30:00Z'),
    (3, BIGINT '1774755000', NULL, '2026-3-9 JST'),
    (4, BIGINT '1774758600', 'zoë', '2026-03-29 10:30:00+0900'),
    (5, BIGINT '-1', 'it''s', 'soon'),
    (6, NULL, '"x"', NULL)
) AS visits(n, time, who, told)
"""
MANY = 120_000


@pytest.fixture(scope="module")
def schema(trino_server):
    """A schema with tables, of this module alone."""
    name = f"queries_{uuid.uuid4().hex}"
    trino_server.run(f"CREATE SCHEMA lake.{name}")
    trino_server.run(f"CREATE TABLE lake.{name}.visits AS {VISITS}")
    numbers = "UNNEST(sequence(0, 299)) AS a(x) CROSS JOIN UNNEST(sequence(0, 399)) AS b(y)"
    trino_server.run(
        f"CREATE TABLE lake.{name}.numbers AS SELECT BIGINT '400' * x + y AS n, "
        f"'text ' || CAST(y AS varchar) AS often FROM {numbers}"
    )
    trino_server.run(f"CREATE VIEW lake.{name}.people AS SELECT who FROM lake.{name}.visits")
    return name


@pytest.fixture
def lake(marketer, settings, trino_server, schema):
    """Mia's database on the cluster."""
    settings.TRINO_URL, settings.TRINO_USER = trino_server.address, "console"
    settings.TRINO_PASSWORD = ""
    made = Database.objects.create(name="lake", owner=marketer, catalog="lake", schema=schema)
    mirror(made)
    return made


@pytest.fixture
def own(marketer, lake, tmp_path):
    """Mia's own database, with the same visits in the console."""
    made = tables.create_database("own", marketer)
    tables.execute(
        f"CREATE TABLE visits AS {VISITS}",
        owner=marketer,
        database="own",
        output=tmp_path / "created",
    )
    return made


@pytest.fixture
def run(marketer, lake, tmp_path):
    """Run SQL as Mia. Return what it was, and its rows."""

    def run(sql, database="lake", **more):
        path = tmp_path / "result"
        found = tables.execute(
            sql, owner=marketer, database=database, output=path, scheduled_time=SLOT, **more
        )
        return found, pq.read_table(path)

    return run


def refused(run, sql, *database, **more):
    with pytest.raises(QueryError) as error:
        run(sql, *database, **more)
    return error.value


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


def test_the_first_rows_are_fetched_and_the_rest_is_given_up(run, trino_server, schema):
    mark = uuid.uuid4().hex
    found, rows = run(f"SELECT n, '{mark}' AS mark FROM numbers", most=5)

    assert found.rows == rows.num_rows == 5
    wait_until(lambda: states(trino_server, mark) - {"FINISHED", "FAILED"} == set(), 20)


def states(server, mark):
    """Return the states of queries with the mark in their text, but for the one that asks."""
    sql = "SELECT state, query FROM system.runtime.queries"
    return {
        state for state, text in server.run(sql) if mark in text and "runtime.queries" not in text
    }


LONG = "SELECT count(*) AS n, '{}' AS mark FROM numbers a, numbers b, numbers c WHERE a.n < b.n"


def test_a_query_that_is_stopped_ends_on_the_cluster_too(run, trino_server):
    mark, asked = uuid.uuid4().hex, threading.Event()

    def stopped():
        if not asked.is_set() and "RUNNING" in states(trino_server, mark):
            asked.set()
        return asked.is_set()

    with pytest.raises(Stopped):
        run(LONG.format(mark), stopped=stopped)
    wait_until(lambda: states(trino_server, mark) == {"FAILED"}, 20)


def test_a_query_has_so_many_seconds(run, trino_server):
    mark = uuid.uuid4().hex
    error = refused(run, LONG.format(mark), limits=Limits(seconds=1))

    assert str(error) == "The query was stopped after 1 seconds."
    wait_until(lambda: states(trino_server, mark) == {"FAILED"}, 20)


def test_a_result_has_so_many_megabytes(run):
    sql = "SELECT n, to_hex(sha512(to_utf8(often || CAST(n AS varchar)))) AS h FROM numbers"
    error = refused(run, sql, limits=Limits(result_mb=1))
    assert str(error) == "The result is larger than the 1 MB it may have."


@pytest.mark.parametrize(
    ("sql", "message", "at"),
    [
        ("SELECT n,\n  nope FROM visits", 'There is no column "nope" here.', (2, 3)),
        (
            "SELECT TD_TIME_STRING(time, 'd!'), nope(n) FROM visits",
            'There is no function "nope" here.',
            (1, 36),
        ),
        ("SELECT n + who FROM visits", "Cannot apply operator: integer + varchar(4).", (1, 10)),
        (
            "SELECT n FROM visits WHERE TD_TIME_RANGE(time, who)",
            "On the Trino cluster TD_TIME_RANGE takes times that are the same for all rows.",
            (1, 28),
        ),
        ("SELECT TD_TIME_STRING(time) FROM visits", "TD_TIME_STRING takes 2 to 3 values.", (1, 8)),
        (
            "SELECT TD_TIME_FORMAT(time, 'yyyy', who) FROM visits",
            "On the Trino cluster TD_TIME_FORMAT takes a time zone as a text, such as "
            "'Asia/Tokyo'.",
            (1, 8),
        ),
        (
            "SELECT n AS a, who AS A FROM visits",
            'Two columns are named "A": give each its own name with AS.',
            (None, None),
        ),
    ],
)
def test_what_is_wrong_with_a_query_is_told_where_it_is(run, sql, message, at):
    error = refused(run, sql)
    assert (str(error), (error.line, error.column)) == (message, at)


def test_a_value_is_not_told_to_those_who_may_not_see_it(run):
    error = refused(run, "SELECT CAST(who AS bigint) FROM visits WHERE who = 'ann'")
    assert "ann" in str(error) and "ann" not in error.told


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


def test_what_a_function_of_td_makes_is_no_sql(run):
    """Its pattern can have a quote in it, and texts can look like what stands for it."""
    text = "console_constant_0 console_0_ 0_"
    value = "TD_TIME_FORMAT(0, 'yyyy'' || (SELECT 1) || ''')"
    _, rows = run(f"SELECT '{text}' AS a, {value} AS b FROM visits WHERE n = 1")
    assert rows.to_pylist() == [{"a": text, "b": "1970 || (SELECT 1) || "}]


def test_values_that_differ_by_row_without_a_column_do_so(run):
    _, rows = run("SELECT TD_TIME_ADD(row_number() OVER (ORDER BY n), '1d') AS v FROM visits")
    assert sorted(rows["v"].to_pylist()) == [86400 + n for n in range(1, 7)]


@pytest.mark.parametrize("key", ["ARRAY['a', 'b']", "ROW(1, 2)", "X'00FF'"])
def test_a_map_whose_keys_are_not_told_whole_is_refused(run, key):
    error = refused(run, f"SELECT MAP(ARRAY[{key}], ARRAY[1]) AS m FROM visits")
    assert str(error).startswith("Keys of a map cannot be ")


def test_tables_of_one_name_are_told_apart_by_their_databases(run, marketer, schema, trino_server):
    trino_server.run(f"CREATE SCHEMA IF NOT EXISTS memory.{schema}")
    trino_server.run(f"CREATE TABLE memory.{schema}.visits AS SELECT 2 AS n")
    pond = Database.objects.create(name="pond", owner=marketer, catalog="memory", schema=schema)
    mirror(pond)
    _, rows = run(
        "SELECT lake.visits.n AS a, pond.visits.n AS b FROM lake.visits JOIN pond.visits "
        "ON lake.visits.n < pond.visits.n"
    )
    assert rows.to_pylist() == [{"a": 1, "b": 2}]


def test_what_the_query_itself_fails_with_is_told(run):
    assert str(refused(run, "SELECT fail(' ') FROM visits")).endswith(".")


@pytest.mark.parametrize("sql", ["DROP TABLE visits", "CREATE TABLE x AS SELECT 1 AS n"])
def test_nothing_is_changed_on_the_cluster(run, sql):
    assert "is on the Trino cluster" in str(refused(run, sql))


def test_a_cluster_that_is_away_is_tried_again_later(run, settings, monkeypatch):
    monkeypatch.setattr("console.engines.cluster.PATIENCE", 0.2)
    settings.TRINO_URL = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TransientError, match="refused the connection"):
        run("SELECT * FROM visits")


def test_something_else_in_its_place_is_told(run, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.TRINO_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=greet, args=(server,), daemon=True).start()
        with pytest.raises(PermanentError, match="is not a Trino cluster") as error:
            run("SELECT * FROM visits")
    assert "CONSOLE_TRINO_URL" in error.value.remedy


def test_a_cluster_that_is_silent_does_not_hold_up_a_stop(run, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.TRINO_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(Stopped):
            run("SELECT * FROM visits", stopped=lambda: time.monotonic() > began + 0.5)
    assert time.monotonic() - began < 5


def greet(server):
    """Answer one request with a page."""
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html></>")


def test_a_console_without_a_cluster_says_so(run, settings):
    settings.TRINO_URL = ""
    assert "CONSOLE_TRINO_URL" in str(refused(run, "SELECT * FROM visits"))


@pytest.mark.needs("sshd", "ssh-keygen")
def test_a_job_delivers_what_the_cluster_has(lake, marketer, sshd, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    drop = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    export = drop.connector.Export.from_json(
        {"path_prefix": "/in/lake.csv", "user_directory_is_root": True, "newline": "LF"}
    )
    assert export.is_valid(), export.errors
    job = jobs.submit(
        "SELECT n, who FROM visits WHERE n < 4 ORDER BY n",
        database="lake",
        owner=marketer,
        authentication=drop,
        export=export.cleaned_data,
    )
    jobs.run(job.pk)
    job.refresh_from_db()

    assert job.status == Job.Status.SUCCESS, job.error
    assert (sshd.root / "in/lake.csv").read_text() == "n,who\n1,ann\n2,bob\n3,\n"
    assert job.receipt["rows"] == 3


def test_the_cluster_can_be_asked_by_whoever_has_its_address(trino_server, schema):
    found = Cluster(trino_server.address, "console").columns_of("lake", schema)
    assert found["visits"][:2] == [("n", "integer"), ("time", "bigint")]
    with pytest.raises(QueryError, match="nowhere"):
        Cluster(trino_server.address, "console").columns_of("nowhere", schema)
