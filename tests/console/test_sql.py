"""Trino's SQL keeps its meaning on the embedded engine."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq
import pytest

from console.engines import QueryError, Source, get_engine, intervals, work
from tests.console.asking import rows, wrong

naive = datetime.fromisoformat

# Many values in one query: a process for each would take long.
VALUES = [
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 / 2e0", 3.5),
    ("7 % 3", 1),
    ("1e0 / 4", 0.25),
    ("sum(CAST(9007199254740993 AS bigint))", 9007199254740993),
    ("avg(1)", 1.0),
    ("'a' || 'b'", "ab"),
    ("concat('a', NULL)", None),
    ("date_diff('day', DATE '2026-01-31', DATE '2026-03-01')", 29),
    ("date_diff('day', TIMESTAMP '2026-01-01 23:00:00', TIMESTAMP '2026-01-02 01:00:00')", 0),
    ("date_diff('hour', TIMESTAMP '2026-01-01 23:00:00', TIMESTAMP '2026-01-02 01:00:00')", 2),
    ("date_add('month', 1, DATE '2026-01-31')", date(2026, 2, 28)),
    ("date_add('day', -1, TIMESTAMP '2026-01-01 10:00:00')", naive("2025-12-31T10:00")),
    ("DATE '2026-01-01' + INTERVAL '1' DAY", date(2026, 1, 2)),
    ("date_trunc('month', DATE '2026-05-17')", date(2026, 5, 1)),
    ("date_trunc('week', TIMESTAMP '2026-11-22 10:00:00')", naive("2026-11-16")),
    ("approx_distinct(1)", 1),
    ("approx_percentile(5, 0.5)", 5),
    ("array_agg(1)", [1]),
    ("array_join(ARRAY['b', NULL, 'a'], ',')", "b,a"),
    ("array_join(ARRAY['b', NULL], ',', '?')", "b,?"),
    ("array_distinct(ARRAY['b', 'a', 'b'])", ["b", "a"]),
    ("array_sort(ARRAY[3, 1, 2])", [1, 2, 3]),
    ("array_position(ARRAY['a', 'b'], 'z')", 0),
    ("slice(ARRAY[1, 2, 3, 4], 2, 2)", [2, 3]),
    ("cardinality(ARRAY[1, 2])", 2),
    ("cardinality(map(ARRAY['a'], ARRAY[1]))", 1),
    ("element_at(ARRAY[1, 2], 5)", None),
    ("element_at(map(ARRAY['k'], ARRAY[7]), 'k')", 7),
    ("any_match(ARRAY[1, 2], x -> x > 1)", True),
    ("reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s * 10)", 60),
    ("transform(ARRAY[1, 2], x -> x * 2)", [2, 4]),
    ("regexp_like('abc', 'b')", True),
    ("regexp_extract('abc', 'b(c)', 1)", "c"),
    ("regexp_extract('abc', 'z')", None),
    ("regexp_replace('2026-01', '(\\d+)-(\\d+)', '$2/$1')", "01/2026"),
    ("regexp_replace('a1b2', '\\d')", "ab"),
    ("split_part('a,b', ',', 2)", "b"),
    ("split_part('a,b', ',', 3)", None),
    ('json_extract_scalar(\'{"a":{"b":"x"}}\', \'$.a.b\')', "x"),
    ("json_extract_scalar('{\"a\":[1]}', '$.a')", None),
    ("json_extract_scalar('{bad', '$.a')", None),
    ("json_format(json_extract('{\"a\": [1, 2]}', '$.a'))", "[1,2]"),
    ("to_unixtime(from_unixtime(1500000000))", 1500000000.0),
    ("format_datetime(from_unixtime(0), 'yyyy-MM-dd''T''HH:mm:ss')", "1970-01-01T00:00:00"),
    ("date_format(from_unixtime(0), '%Y-%m-%d %H:%i:%s %M')", "1970-01-01 00:00:00 January"),
    ("date_parse('2026-02-03 04:05', '%Y-%m-%d %H:%i')", naive("2026-02-03T04:05")),
    (
        "to_hex(sha256(to_utf8('test01@test.com')))",
        "02905E7D39FB6B79F55F4611A99FFE94D65585DE64885A21C5960F9D835C6AFA",
    ),
    ("lower(trim('  A '))", "a"),
    ("TRY_CAST('x' AS bigint)", None),
    ("TRY(CAST('x' AS bigint))", None),
    ("IF(1 > 2, 'a')", None),
    ("coalesce(NULL, 2)", 2),
    ("CAST(1.0E10 AS varchar)", "1.0E10"),
    ("CAST(CAST(12345678.5 AS double) AS varchar)", "1.23456785E7"),
    ("CAST(CAST(-0.00015 AS double) AS varchar)", "-1.5E-4"),
    ("CAST(CAST(1.5 AS double) AS varchar)", "1.5"),
    ("CAST(TIMESTAMP '2026-01-01 00:00:00' AS varchar)", "2026-01-01 00:00:00.000"),
    ("CAST(from_unixtime(0) AS varchar)", "1970-01-01 00:00:00.000 UTC"),
    ("CAST(DATE '2026-01-01' AS varchar)", "2026-01-01"),
    ("CAST(true AS varchar)", "true"),
    ("CAST('12345' AS varchar(3))", "123"),
    ("max_by('a', 1)", "a"),
    ("min_by('a', 1)", "a"),
    ("day_of_week(DATE '2026-11-22')", 7),
    ("EXTRACT(dow FROM DATE '2026-11-22')", 7),
    ("greatest(1, NULL)", None),
    ("count_if(1 > 0)", 1),
    ("count_if(NULL)", 0),
    ("count_if(1 > 0) FILTER (WHERE 1 > 2)", 0),
    ("current_date = CAST(now() AS date)", True),
    ("url_extract_host('https://u@shop.example.com:8443/a?b=c%20d#e')", "shop.example.com"),
    ("url_extract_parameter('https://x.com/a?b=c%20d#e', 'b')", "c d"),
    ("CAST(1.5 AS decimal(10, 2))", Decimal("1.50")),
    ("format('%s-%s', 'a', 'b')", "a-b"),
    ("strpos('abc', 'c')", 3),
    ("substr('abc', 2)", "bc"),
    ("json_format(CAST(ARRAY[1, 2] AS json))", "[1,2]"),
    ("listagg('x', ',') WITHIN GROUP (ORDER BY 1)", "x"),
]


def test_expressions_have_their_values_of_trino(tmp_path):
    assert not wrong(VALUES, tmp_path)


TD_VALUES = [
    ("TD_SCHEDULED_TIME()", 1534209825),
    ("TD_TIME_PARSE('2015-01-01', 'JST')", 1420038000),
    ("TD_TIME_PARSE('2015-01-01 15:25:26', 'JST')", 1420093526),
    ("TD_TIME_PARSE('2015-01-01 15:25:26+09:00')", 1420093526),
    ("TD_TIME_PARSE('2015-01-01T15:25:26Z', 'JST')", 1420125926),
    ("TD_TIME_PARSE('2013-01-01 PDT')", 1357023600),
    ("TD_TIME_PARSE('not a time')", None),
    ("TD_TIME_FORMAT(1412382292, 'MMMM d yyyy EEEE', 'JST')", "October 4 2014 Saturday"),
    ("TD_TIME_FORMAT(1412382292, 'yyyy-MM-dd HH:mm:ss.SSS')", "2014-10-04 00:24:52.000"),
    ("TD_TIME_FORMAT(1412382292, 'yyyyMMdd''T''HHmmssZ', '+09:00')", "20141004T092452+0900"),
    ("TD_TIME_FORMAT(1412382292, 'h a XXX', 'America/New_York')", "8 PM -04:00"),
    ("TD_TIME_FORMAT(1412382292, 'HH:mm', '-07')", "17:24"),
    ("TD_TIME_FORMAT(1412382292, 'HH:mm', '+05:30')", "05:54"),
    ("TD_TIME_STRING(1412382292, 'd!', 'JST')", "2014-10-04"),
    ("TD_TIME_STRING(1412382292, 'd', 'JST')", "2014-10-04 00:00:00+0900"),
    ("TD_TIME_STRING(1412382292, 'q!')", "2014-10"),
    ("TD_TIME_STRING(1412382292, 'w!')", "2014-09-29"),
    ("TD_TIME_STRING(1412382292, 's!')", "2014-10-04 00:24:52"),
    ("TD_TIME_ADD('2013-01-01', '1d', 'JST')", 1357052400),
    ("TD_TIME_ADD(0, '-2h')", -7200),
    ("TD_DATE_TRUNC('month', 1412382292, 'America/New_York')", 1412136000),
    ("TD_DATE_TRUNC('hour', 1412382292)", 1412380800),
    ("TD_TIME_RANGE(1357023600, '2013-01-01 PDT')", True),
    ("TD_TIME_RANGE(1357023599, '2013-01-01 PDT')", False),
    ("TD_TIME_RANGE(1357084800, '2013-01-01', '2013-01-02')", False),
    ("TD_TIME_RANGE(-1, NULL, '2013-01-01', 'PDT')", False),
    ("TD_TIME_RANGE(4102444800, '2013-01-01', NULL, 'PDT')", True),
    ("TD_TIME_RANGE(5, 5, 6)", True),
]


def test_time_functions_have_their_values_of_td(tmp_path):
    assert not wrong(TD_VALUES, tmp_path)


# The examples of TD's page, for a job scheduled at 2018-08-14 01:23:45.
INTERVALS = [
    ("-7d", "2018-08-07 00:00:00", "2018-08-14 00:00:00"),
    ("-1w", "2018-08-06 00:00:00", "2018-08-13 00:00:00"),
    ("1d", "2018-08-14 00:00:00", "2018-08-15 00:00:00"),
    ("-1M", "2018-07-01 00:00:00", "2018-08-01 00:00:00"),
    ("1M", "2018-08-01 00:00:00", "2018-09-01 00:00:00"),
    ("1y", "2018-01-01 00:00:00", "2019-01-01 00:00:00"),
    ("-1q", "2018-04-01 00:00:00", "2018-07-01 00:00:00"),
    ("-15m", "2018-08-14 01:08:00", "2018-08-14 01:23:00"),
    ("-30s", "2018-08-14 01:23:15", "2018-08-14 01:23:45"),
    ("-1h", "2018-08-14 00:00:00", "2018-08-14 01:00:00"),
    ("-1h/now", "2018-08-14 00:00:00", "2018-08-14 01:23:45"),
    ("-1h/0d", "2018-08-13 23:00:00", "2018-08-14 00:00:00"),
    ("-7d/2015-12-25", "2015-12-18 00:00:00", "2015-12-25 00:00:00"),
    ("-10d/-1M", "2018-06-21 00:00:00", "2018-07-01 00:00:00"),
    ("-1d/-2d", "2018-08-11 00:00:00", "2018-08-12 00:00:00"),
]


def test_intervals_are_those_of_td(tmp_path):
    select = ", ".join(
        f"TD_INTERVAL_RANGE('{spec}') AS v{i}" for i, (spec, *_) in enumerate(INTERVALS)
    )
    [found], _ = rows(f"SELECT {select}", tmp_path)
    texts = [
        tuple(f"{datetime.fromtimestamp(t, UTC):%Y-%m-%d %H:%M:%S}" for t in pair) for pair in found
    ]
    assert texts == [(begin, end) for _, begin, end in INTERVALS]


def test_intervals_that_rows_name_are_the_same(tmp_path):
    named = ", ".join(f"({place}, '{spec}')" for place, (spec, *_) in enumerate(INTERVALS))
    sql = f"""SELECT TD_INTERVAL_RANGE(spec) AS found, TD_INTERVAL_RANGE('-7d') AS written
        FROM (VALUES {named}) AS t(place, spec) ORDER BY place"""
    found, _ = rows(sql, tmp_path)
    begins = [f"{datetime.fromtimestamp(pair[0], UTC):%Y-%m-%d %H:%M:%S}" for pair, _ in found]
    assert begins == [begin for _, begin, _ in INTERVALS]
    assert {tuple(written) for _, written in found} == {tuple(found[0][0])}


def test_an_interval_that_is_written_out_is_a_constant_when_files_are_read(tmp_path):
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT range AS time FROM range(10)")
    sql = "SELECT count(*) FROM t WHERE TD_INTERVAL(time, '-1d', 'JST') AND TD_INTERVAL(time, '1d')"
    request = {"sql": sql, "database": "main", "tables": {"main": {}}, "scheduled_time": 1e9}
    tree = json.loads(
        connection.execute(f"SELECT json_serialize_sql('{quoted(sql)}')").fetchone()[0]
    )
    work.prepare(connection, request)
    intervals.fix(connection, tree["statements"])

    [(_, plan)] = connection.execute(f"EXPLAIN {sql}").fetchall()

    assert "Empty Result" in plan  # The two do not overlap, as only constants can tell.


def quoted(sql):
    return sql.replace("'", "''")


def test_days_are_the_zone_s_days_over_a_change_of_clocks(tmp_path):
    new_york = ZoneInfo("America/New_York")
    slot = datetime(2026, 3, 9, 9, tzinfo=new_york)  # clocks went forward on the 8th
    sql = """SELECT TD_INTERVAL_RANGE('-1d', 'America/New_York') AS r,
        TD_DATE_TRUNC('day', TD_SCHEDULED_TIME() - 86400, 'America/New_York') AS d"""
    [(between, day)], _ = rows(sql, tmp_path, scheduled_time=slot)
    begin, end = (int(datetime(2026, 3, d, tzinfo=new_york).timestamp()) for d in (8, 9))
    assert between == [begin, end] and end - begin == 23 * 3600 and day == begin


def test_an_interval_selects_rows(tmp_path):
    sql = """SELECT count(*) AS n FROM (VALUES 1534118400, 1534204799, 1534204800) AS t(time)
        WHERE TD_INTERVAL(time, '-1d')"""
    assert rows(sql, tmp_path)[0] == [(2,)]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("TD_TIME_RANGE(1, '2013-01-0x')", '"2013-01-0x" is not a time'),
        ("TD_INTERVAL_RANGE('yesterday')", '"yesterday" is not an interval'),
        ("TD_TIME_ADD(0, '1M')", '"1M" is not a duration'),
        ("TD_TIME_FORMAT(0, 'QQ')", '"QQ" is not understood as a time format'),
        ("TD_TIME_FORMAT(0, 'yyyy', 'Mars/X')", "Unknown TimeZone 'Mars/X'"),
        ("1 / 0", "Division by zero."),
        ("5 % 0", "Division by zero"),
        ("CAST(9223372036854775807 AS bigint) + 1", "Overflow"),
    ],
)
def test_mistakes_in_values_are_errors(tmp_path, expression, message):
    with pytest.raises(QueryError) as error:
        rows(f"SELECT {expression}", tmp_path)
    assert message in str(error.value)


QUERIES = [
    ("SELECT email FROM (VALUES ('test01@test.com')) tbl(email)", [("test01@test.com",)]),
    (
        """SELECT user_id, ARRAY_JOIN(ARRAY_DISTINCT(ARRAY_AGG(segment_name)), ',') AS td_segment
        FROM (VALUES (1, 'a'), (1, 'b'), (1, 'a'), (2, 'c')) t(user_id, segment_name)
        GROUP BY user_id ORDER BY user_id""",
        [(1, "a,b"), (2, "c")],
    ),
    (
        "SELECT n, e FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t(e, n)",
        [(1, "a"), (2, "b")],
    ),
    (
        "SELECT x, e FROM (VALUES (1, ARRAY['p', 'q'])) t(x, a) CROSS JOIN UNNEST(a) AS u(e)",
        [(1, "p"), (1, "q")],
    ),
    ("WITH a AS (SELECT 2 AS x) SELECT x FROM a UNION ALL SELECT 1 ORDER BY x", [(1,), (2,)]),
    (
        """SELECT x FROM (SELECT x, row_number() OVER (PARTITION BY g ORDER BY x DESC) AS r
        FROM (VALUES (1, 'a'), (2, 'a'), (3, 'b')) t(x, g)) WHERE r = 1 ORDER BY 1""",
        [(2,), (3,)],
    ),
    ("SELECT x FROM (VALUES 1, NULL, 3) t(x) ORDER BY x DESC", [(3,), (1,), (None,)]),
    ("SELECT count_if(n > 1) AS a FROM (VALUES 1) AS t(n) WHERE n > 1", [(0,)]),
    (
        "SELECT n, count_if(n > 1) OVER (ORDER BY n) AS c FROM (VALUES 1, 2) AS t(n)",
        [(1, 0), (2, 1)],
    ),
    ("SELECT 1 -- the end", [(1,)]),
    ("SELECT 1;", [(1,)]),
]


@pytest.mark.parametrize(("sql", "expected"), QUERIES, ids=range(len(QUERIES)))
def test_queries_have_their_rows(tmp_path, sql, expected):
    assert rows(sql, tmp_path)[0] == expected


def test_types_are_told_in_trino_s_names_and_kept_in_the_file(tmp_path):
    sql = """SELECT sum(CAST(1 AS bigint)) AS s, 1 AS i, 1.5 AS d, CAST(1 AS double) AS f, 'x' AS t,
        true AS b, DATE '2026-01-01' AS day, TIMESTAMP '2026-01-01 00:00:00' AS at,
        ARRAY['a'] AS a, map(ARRAY['k'], ARRAY[CAST(1 AS bigint)]) AS m, count(*), NULL AS n,
        json_parse('{}') AS j, from_unixtime(0) AS z"""
    [found], columns = rows(sql, tmp_path)
    assert columns == [
        ("s", "bigint"),
        ("i", "integer"),
        ("d", "decimal(2,1)"),
        ("f", "double"),
        ("t", "varchar"),
        ("b", "boolean"),
        ("day", "date"),
        ("at", "timestamp(6)"),
        ("a", "array(varchar)"),
        ("m", "map(varchar, bigint)"),
        ("_col10", "bigint"),
        ("n", "varchar"),
        ("j", "json"),
        ("z", "timestamp(6) with time zone"),
    ]
    assert found[0] == 1 and found[8] == ["a"] and found[9] == [("k", 1)]


def test_a_large_sum_fails_rather_than_losing_digits(tmp_path):
    with pytest.raises(QueryError):
        rows("SELECT sum(x) AS s FROM (VALUES 9223372036854775807, 1) t(x)", tmp_path)


@pytest.mark.parametrize(
    ("sql", "codec"), [("SELECT 1 AS a", "LZ4"), ("CREATE TABLE b AS SELECT 1 AS a", "ZSTD")]
)
def test_results_are_packed_to_be_read_soon_and_tables_to_be_kept(tmp_path, sql, codec):
    rows(sql, tmp_path)

    [file] = tmp_path.glob("*.parquet")
    assert pq.read_metadata(file).row_group(0).column(0).compression == codec


def test_the_order_of_many_rows_is_kept(tmp_path):
    sql = """SELECT x FROM UNNEST(sequence(1, 300000)) AS t(x) ORDER BY (x * 7919) % 300007"""
    found, _ = rows(sql, tmp_path)
    assert [x for (x,) in found] == sorted(range(1, 300_001), key=lambda x: x * 7919 % 300_007)


PEOPLE = """\
SELECT id,
  emial
FROM people"""
MISTAKES = [
    (PEOPLE, 'There is no column "emial" here. Did you mean email?', 2, 3),
    (
        "SELECT *\nFROM poeple",
        "There is no table demo.poeple that you may read. Did you mean people?",
        2,
        6,
    ),
    ("SELECT p.nmae FROM people p", 'p has no column "nmae".', 1, 8),
    ("SELECT foo(id) FROM people", "There is no function foo.", 1, 8),
    (
        "SELECT CAST(email AS bigint) FROM people",
        "Could not convert string 'a@b.c' to bigint",
        1,
        8,
    ),
    (
        "SELECT id, id FROM people",
        'Two columns are named "id": give each its own name with AS.',
        None,
        None,
    ),
    ("SELECT (1", "Expecting )", 1, 9),
    ("SELECT 'abc", "The text cannot be read as SQL: a quote or comment is not closed.", 1, 12),
    ("SELECT 1;\nSELECT 2", "Write exactly one statement.", 2, 8),
    ("", "There is no SQL to run.", 1, 1),
    ("SHOW TABLES", "Only SELECT", 1, 1),
    ("INSERT INTO people SELECT 'x', 'y'", 'Column "id" is integer in the table', None, None),
    (
        "INSERT INTO people SELECT 1",
        "The query has 1 columns, INSERT wants 2: id, email.",
        None,
        None,
    ),
]


@pytest.fixture
def people(tmp_path):
    rows("SELECT 1 AS id, 'a@b.c' AS email", tmp_path)
    file = (tmp_path / "output.parquet").rename(tmp_path / "people.parquet")
    return {"demo": {"people": Source((str(file),), (("id", "integer"), ("email", "varchar")))}}


@pytest.mark.parametrize(("sql", "message", "line", "column"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_are_told_in_the_author_s_words(tmp_path, people, sql, message, line, column):
    with pytest.raises(QueryError) as error:
        rows(sql, tmp_path, tables=people)
    assert str(error.value).startswith(message)
    assert (error.value.line, error.value.column) == (line, column)


def test_duckdb_s_own_dialect_runs_as_it_is(tmp_path, people):
    sql = "-- mine\nFROM people SELECT id // 2 AS half, 7 / 2 AS q, [x for x in [1, 2]] AS l"
    assert rows(sql, tmp_path, "duckdb", people)[0] == [(0, 3.5, [1, 2])]


def test_duckdb_s_errors_have_their_place(tmp_path, people):
    with pytest.raises(QueryError, match='no column "emial"') as error:
        rows("CREATE TABLE x AS\n" + PEOPLE, tmp_path, "duckdb", people)
    assert (error.value.line, error.value.column) == (3, 3)


@pytest.mark.parametrize("end", [";", " ; -- the end; of it", " /* ; */ ;\n;"], ids=range(3))
def test_a_semicolon_may_end_the_statement(tmp_path, people, end):
    for engine in ("duckdb", "trino"):
        assert rows(f"SELECT ';--' AS x{end}", tmp_path, engine, people)[0] == [(";--",)]


def test_deep_nesting_is_an_error_of_the_query(tmp_path):
    for engine in ("duckdb", "trino"):
        with pytest.raises(QueryError):
            rows(f"SELECT {'(' * 5000}1{')' * 5000}", tmp_path, engine)


def test_progress_is_told(tmp_path):
    seen = []
    runner = get_engine("duckdb")
    sql = "SELECT count(*) AS n FROM range(9000) a, range(9000) b WHERE a.range + b.range = 5"
    statement = runner.plan(sql, database="demo", tables={})
    runner.execute(statement, tmp_path / "output.parquet", progress=seen.append)
    assert all(0 <= part <= 1 for part in seen)


@pytest.mark.parametrize("engine", ["duckdb", "trino"])
def test_a_sample_of_a_table_can_be_taken_and_of_a_file_it_cannot(tmp_path, people, engine):
    assert rows("SELECT 1 AS a FROM people TABLESAMPLE SYSTEM (100)", tmp_path, engine, people)[0]

    with pytest.raises(QueryError, match="that you may read"):
        rows("SELECT * FROM 'a.parquet' TABLESAMPLE SYSTEM (100)", tmp_path, engine, people)
