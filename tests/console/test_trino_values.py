"""Functions and casts have the values of Trino, also where DuckDB's own have others."""

from datetime import date

import pytest

from console.engines import QueryError
from tests.console.asking import rows, wrong

JSON = [
    ("CAST(json_extract('{\"a\":\"gold\"}', '$.a') AS varchar)", "gold"),
    ("TRY_CAST(json_extract('{\"a\":\"gold\"}', '$.a') AS varchar)", "gold"),
    ("CAST(json_extract('{\"a\":\"gold\"}', '$.a') AS varchar(2))", "go"),
    ("CAST(json_extract('{\"a\":null}', '$.a') AS varchar)", None),
    ("CAST(json_parse('true') AS varchar)", "true"),
    ("CAST(json_parse('[1, 2]') AS varchar)", "[1,2]"),
    ("CAST('\"a\"' AS varchar)", '"a"'),
    ("CAST((SELECT 'a') AS varchar)", "a"),
    ("CAST(max('a') AS varchar)", "a"),
    ("try(CAST(json_parse('1') AS varchar))", "1"),
    ("json_value('{\"a\":1}', 'lax $.a')", "1"),
    ("json_value('{\"a\":1}', 'strict $.a' RETURNING bigint NULL ON ERROR)", 1),
    ('json_value(\'{"a":[1, {"b c":2}]}\', \'lax $.a[1]."b c"\')', "2"),
    ("json_value('{\"a\":[1]}', 'lax $.a')", None),
    ("json_value('{bad', 'lax $.a')", None),
    ("json_query('{\"a\":{\"b\":1}}', 'lax $.a')", '{"b":1}'),
    ("json_exists('{\"a\":1}', 'lax $.a')", True),
    ("json_exists('{\"a\":1}', 'strict $.b')", False),
    ("json_exists('{bad', 'lax $.a')", False),
]


def test_json_is_read_as_in_trino(tmp_path):
    assert not wrong(JSON, tmp_path)


def test_members_of_a_json_list_become_texts_without_quotes(tmp_path):
    sql = """SELECT CAST(e AS varchar) FROM (VALUES '["a", "b", 1, null]') AS t(x)
        CROSS JOIN UNNEST(CAST(json_parse(x) AS array(json))) AS u(e) ORDER BY 1"""

    assert rows(sql, tmp_path)[0] == [("1",), ("a",), ("b",), (None,)]


EVENTS = "FROM (VALUES ('a', 1), (NULL, 2), ('c', 0)) AS t(email, time)"
PICKED = [
    ("max_by(email, time)", [(None,)]),
    ("max_by(email, -time)", [("c",)]),
    ("min_by(email, -time)", [(None,)]),
    ("max_by(email, time) FILTER (WHERE email IS NOT NULL)", [("a",)]),
    ("max_by(email, time, 2)", [([None, "a"],)]),
    ("min_by(email, time, 2) FILTER (WHERE time > 0)", [(["a", None],)]),
    ("max_by(email, time, 2) OVER (ORDER BY time DESC)", [([None],), *[([None, "a"],)] * 2]),
]


@pytest.mark.parametrize(("expression", "expected"), PICKED, ids=range(len(PICKED)))
def test_a_row_without_the_value_can_be_the_last_one(tmp_path, expression, expected):
    assert rows(f"SELECT {expression} {EVENTS}", tmp_path)[0] == expected


TEXTS = [
    ("lower(trim('A@b.c' || chr(13)))", "a@b.c"),
    ("trim(chr(10) || ' a' || chr(9) || ' b ' || chr(11) || chr(12))", "a\t b"),
    ("trim('a' || chr(12288))", "a"),
    ("trim(chr(160) || 'a')", "\xa0a"),
    ("ltrim(chr(10) || ' a ')", "a "),
    ("rtrim(chr(9) || 'a' || chr(9))", "\ta"),
    ("trim(LEADING FROM chr(9) || 'a')", "a"),
    ("trim(BOTH 'x' FROM 'xax')", "a"),
    ("trim(chr(13))", ""),
    ("trim(NULL)", None),
    ("split('a=b=c', '=', 2)", ["a", "b=c"]),
    ("split('a', '=', 2)", ["a"]),
    ("split(NULL, '=', 2)", None),
    ("url_decode('utm+source%3Da')", "utm source=a"),
    ("url_encode('a b*~-_.é')", "a+b*%7E-_.%C3%A9"),
    ("regexp_extract('b', '(a)?b', 1)", None),
    ("regexp_extract('b', '[(](x)|(?:a)?(b)', 2)", "b"),
    ("regexp_extract('k=', 'k=(.*)', 1)", ""),
    ("substr('hello', 0)", ""),
    ("substr('hello', -10)", ""),
    ("substr('hello', -3, 2)", "ll"),
    ("substr('hello', 2, -1)", ""),
    ("substr('hello', 2, 3)", "ell"),
    ("substr(NULL, 0)", None),
    ("upper('Straße')", "STRAßE"),
    ("upper('abc')", "ABC"),
]


def test_texts_are_those_of_trino(tmp_path):
    assert not wrong(TEXTS, tmp_path)


WHOLE = [
    ("CAST(2.5e0 AS bigint)", 3),
    ("CAST(0.5e0 AS integer)", 1),
    ("CAST(-2.5e0 AS bigint)", -3),
    ("CAST(CAST(1.5 AS real) AS smallint)", 2),
    ("TRY_CAST(2.5e0 AS tinyint)", 3),
    ("CAST(2.5 AS bigint)", 3),
    ("CAST('-12' AS bigint)", -12),
    ("TRY_CAST('+12' AS bigint)", 12),
    ("TRY_CAST('12.7' AS bigint)", None),
    ("TRY_CAST('1e3' AS bigint)", None),
    ("TRY_CAST('0x1F' AS integer)", None),
    ("TRY_CAST('1_000' AS bigint)", None),
    ("TRY_CAST('' AS bigint)", None),
    ("TRY_CAST(300 AS tinyint)", None),
    ("CAST(CAST(9007199254740993 AS decimal(20,0)) AS bigint)", 9007199254740993),
    ("CAST(json_parse('12') AS bigint)", 12),
    ("CAST(true AS integer)", 1),
    ("CAST(NULL AS bigint)", None),
]


def test_whole_numbers_are_made_as_in_trino(tmp_path):
    assert not wrong(WHOLE, tmp_path)


@pytest.mark.parametrize("text", ["12.7", "1e3", "1_000"])
def test_a_text_that_is_no_whole_number_cannot_become_one(tmp_path, text):
    with pytest.raises(QueryError, match=f"^Could not convert string '{text}' to bigint.$"):
        rows(f"SELECT CAST(x AS bigint) FROM (VALUES '12', '{text}') AS t(x)", tmp_path)


TOKYO = "from_unixtime(0) AT TIME ZONE 'Asia/Tokyo'"
NEW_YORK = "at_timezone(from_unixtime(0), 'America/New_York')"
ZONED = [
    (
        "date_format(TIMESTAMP '2026-01-01 20:00:00' AT TIME ZONE 'America/New_York', '%d %H:%i')",
        "01 15:00",
    ),
    (f"hour({TOKYO})", 9),
    (f"date({NEW_YORK})", date(1969, 12, 31)),
    ("date(from_unixtime(1767279600) AT TIME ZONE 'Asia/Tokyo')", date(2026, 1, 2)),
    (f"to_unixtime({TOKYO})", 0),
    (f"to_unixtime({NEW_YORK})", 0),
    ("to_unixtime(from_unixtime(0, 'Asia/Tokyo'))", 0),
    (f"to_unixtime(CAST({TOKYO} AS timestamp with time zone))", 0),
    (f"to_unixtime(date_trunc('day', {NEW_YORK}))", -68400),
    (f"to_unixtime(date_add('day', 1, date_trunc('day', ({TOKYO}))))", 54000),
    (f"to_unixtime({TOKYO} - INTERVAL '1' HOUR)", -3600),
    (f"hour(({TOKYO}) AT TIME ZONE 'America/New_York')", 19),
    (f"to_unixtime(({TOKYO}) AT TIME ZONE 'America/New_York')", 0),
    (f"format_datetime({TOKYO}, 'HH:mm ZZ')", "09:00 +09:00"),
    (f"{TOKYO} = from_unixtime(0)", True),
    (f"{TOKYO} < from_unixtime(1)", True),
    (f"{TOKYO} BETWEEN from_unixtime(0) AND {NEW_YORK}", True),
    (f"{TOKYO} IN (from_unixtime(0))", True),
    (f"date_diff('hour', {TOKYO}, from_unixtime(3600))", 1),
    # The day on which clocks go forward has 23 hours, and is a day.
    *[
        (
            f"date_diff('{unit}', from_unixtime(1772946000, 'America/New_York'),"
            " from_unixtime(1773028800, 'America/New_York'))",
            count,
        )
        for unit, count in (("day", 1), ("hour", 23))
    ],
]


def test_times_in_zones_are_told_by_their_clocks_and_compared_as_moments(tmp_path):
    assert not wrong(ZONED, tmp_path)


FRACTIONS = [
    ("TD_TIME_PARSE('2026-01-01 23:59:59.700')", 1767311999),
    ("TD_TIME_PARSE('1969-12-31 23:59:59.700')", -1),
    ("TD_TIME_FORMAT(1767311999.7e0, 'yyyy-MM-dd')", "2026-01-01"),
    ("TD_TIME_FORMAT(1767311999.7, 'yyyy-MM-dd')", "2026-01-01"),
    ("TD_TIME_STRING(1767311999.7e0, 'd!')", "2026-01-01"),
    ("TD_DATE_TRUNC('minute', 1767311999.7e0)", 1767311940),
    ("TD_TIME_ADD(5.9e0, '1s')", 6),
    ("format_datetime(TIMESTAMP '2026-01-01 23:59:59.700', 'dd ss.SSS')", "01 59.700"),
    ("format_datetime(from_unixtime(1767311999.123), 'ss.SSS')", "59.123"),
]


def test_a_part_of_a_second_belongs_to_the_second_that_it_is_in(tmp_path):
    assert not wrong(FRACTIONS, tmp_path)


LISTS = [
    ("array_max(ARRAY[1, NULL])", None),
    ("array_max(ARRAY[1, 2])", 2),
    ("array_min(ARRAY[2, NULL])", None),
    ("transform(ARRAY[ARRAY[1, 1]], x -> array_distinct(x))", [[1]]),
    ("contains(ARRAY[1, NULL], 1)", True),
    ("contains(ARRAY[1, NULL], 2)", None),
    ("contains(ARRAY[1], 2)", False),
    ("cardinality(ARRAY[1]) - 2", -1),
    ("cardinality(map(ARRAY['a'], ARRAY[1])) - 2", -1),
    ("json_array_length('[1]') - 2", -1),
    ("json_array_length('{}')", None),
]


def test_lists_are_read_as_in_trino(tmp_path):
    assert not wrong(LISTS, tmp_path)


def test_a_map_has_one_value_of_each_key_and_no_key_that_is_null(tmp_path):
    sql = """SELECT map_agg(k, 1), cardinality(map_agg(k, v))
        FROM (VALUES ('a', 1), ('a', 2), (NULL, 3)) AS t(k, v)"""

    assert rows(sql, tmp_path)[0] == [([("a", 1)], 1)]


PARSED = [
    ("millisecond(TIMESTAMP '2026-01-01 00:00:59.123')", 123),
    ("to_unixtime(parse_datetime('1970-01-02', 'yyyy-MM-dd'))", 86400),
    ("to_unixtime(parse_datetime('1970-01-01T09:01 +0900', 'yyyy-MM-dd''T''HH:mm Z'))", 60),
    ("millisecond(parse_datetime('1970-01-01 01.5', 'yyyy-MM-dd ss.SSS'))", 500),
    ("to_unixtime(parse_datetime('2/Jan/70 3 PM', 'd/MMM/yy h a'))", 140400),
]


def test_times_are_read_as_in_trino(tmp_path):
    assert not wrong(PARSED, tmp_path)


LONG = [
    ("TD_TIME_FORMAT(CAST(CAST(1700000000e0 AS bigint) / 1 AS bigint), 'yyyy', 'JST')", "2023"),
    (
        "CAST(TD_TIME_FORMAT(TD_TIME_ADD(0, '1d', 'JST'), 'yyyyMMdd', 'JST') AS integer) / 100",
        197001,
    ),
    (
        "CAST(CAST(CAST(CAST(CAST(1 + 1 AS varchar) AS bigint) AS varchar) AS bigint) AS varchar)",
        "2",
    ),
    ("CAST(CAST(max(CAST('5' AS bigint)) AS bigint) AS varchar)", "5"),
    (
        "TD_TIME_FORMAT(TD_DATE_TRUNC('day', 86401000 / 1000, 'UTC'), 'yyyy-MM-dd', 'UTC')",
        "1970-01-02",
    ),
    ("transform(ARRAY['1', '2'], x -> CAST(x || '0' AS bigint))", [10, 20]),
    ("TRY(CAST(CAST('5' AS bigint) / 0 AS integer))", None),
    ("split('a,b', ',')[4 / 2]", "b"),
]


def test_calls_within_calls_are_no_longer_to_plan_than_to_read(tmp_path):
    assert not wrong(LONG, tmp_path)


REFUSED = [
    ("json_exists('{}')", "json_exists"),
    ("json_query('{}')", "Write the path in the JSON too"),
    ("substr('a')", "substring"),
    ("parse_datetime('a')", "Write the pattern of parse_datetime as a text"),
    ("at_timezone(now())", "at_timezone"),
    ("parse_datetime('1', 'QQ')", '"QQ" is not understood as a time format.'),
    ("parse_datetime('1', concat('y', 'y'))", "Write the pattern of parse_datetime as a text"),
    ("json_value('{}', 'lax $.a[*]')", "The JSON path 'lax $.a[*]' is not understood: write lax"),
    ("json_value('{}', 'lax $.a' DEFAULT 0 ON EMPTY)", "leave out ON EMPTY and ON ERROR"),
    ("json_query('{}', 'lax $.a' WITH WRAPPER)", "leave out what follows the path"),
]


@pytest.mark.parametrize(("expression", "message"), REFUSED)
def test_what_cannot_be_worked_out_as_in_trino_is_refused(tmp_path, expression, message):
    with pytest.raises(QueryError) as error:
        rows(f"SELECT {expression}", tmp_path)
    assert message in str(error.value)
