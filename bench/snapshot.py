"""Snapshots as a query leaves them, the same for every run: customers, and texts."""

from pathlib import Path

import duckdb

MEMORY = "1GB"
FIRST = ["James", "Zoë", "Lukáš", "太郎", "Olga", "Михаил", "Renée", "Li", "Søren", "Grace"]
LAST = ["Smith", "O''Brien", "Nguyễn", "Müller", "山田", "van der Berg", "Kim", "Petrov"]
COMPANIES = ["Acme, Inc.", 'Widgets "R" Us', "Globex", "Umbrella, LLC", "株式会社テスト", "Hooli"]
MAILS = ["example.com", "example.org", "mail.example.net"]
WORDS = ["parcel", "arrived", "too late, again", "it''s", '"urgent"', "größer", "ありがとう"]
WORDS += ["thanks", "tab\tbed", "invoice", "the", "of", "customer", "asks", "for", "one\r\ntwo"]
CUSTOMERS = """
SELECT
    1000000 + i AS customer_id,
    CASE WHEN a % 50 > 0 THEN format('{{}}{{}}@{{}}', i, a % 100000, {mails}[1 + a % 3]) END
        AS email,
    {first}[1 + a % 10] AS first_name,
    {last}[1 + b % 8] || CASE WHEN b % 100 < 6 THEN ', Jr.' WHEN b % 100 < 12 THEN ' "the 2nd"'
        ELSE '' END AS last_name,
    CASE WHEN c % 10 > 1 THEN format('+{{}}-{{}}-{{}}', c % 98, c // 98 % 1000, b % 10000) END
        AS phone,
    CASE WHEN a % 20 > 0 THEN DATE '1940-01-01' + CAST(b % 25000 AS INTEGER) END AS birthday,
    round((c % 100000000) / 997.0, 4)::DOUBLE AS lifetime_value,
    CAST(a % 1000 AS INTEGER) AS visit_count,
    CASE WHEN b % 25 > 0 THEN c % 3 = 0 END AS is_member,
    CASE WHEN b % 101 = 1 THEN '' WHEN b % 3 > 0 THEN {companies}[1 + c % 6] END AS company,
    TIMESTAMP '2015-01-01' + to_microseconds(CAST(a % 340000000000000 AS BIGINT)) AS created_at,
    CASE WHEN c % 7 > 0 THEN 1420070400 + CAST(b % 340000000 AS BIGINT) END AS last_seen
FROM (
    SELECT
        i,
        CAST(hash(i) // 16 AS BIGINT) AS a,
        CAST(hash(i * 7 + 1) // 16 AS BIGINT) AS b,
        CAST(hash(i * 13 + 5) // 16 AS BIGINT) AS c
    FROM range({rows}) AS numbers(i)
)
"""
TEXTS = """
SELECT
    i AS ticket_id,
    {first}[1 + i % 10] || ' ' || {last}[1 + i % 8] AS author,
    array_to_string(list_transform(range(4), LAMBDA n: {word}), ' ') AS subject,
    array_to_string(list_transform(range(10 + i % 41), LAMBDA n: {word}), ' ') AS body,
    CASE WHEN i % 3 > 0 THEN {companies}[1 + i % 6] END AS company
FROM range({rows}) AS numbers(i)
"""
WORD = "{words}[1 + CAST(hash(i * 50 + n) // 1024 % 16 AS INTEGER)]"
PROFILES = f"""
SELECT
    customer_id AS identity,
    first_name || ' ' || last_name AS name,
    email,
    '+1' || CAST(2000000000 + customer_id % 1000000000 AS VARCHAR) AS phone,
    birthday, lifetime_value, visit_count, is_member, company, created_at, last_seen,
    1420070400 + visit_count AS ts
FROM ({CUSTOMERS}) AS customers
"""
QUERIES = {
    "customers": CUSTOMERS,
    "texts": TEXTS.replace("{word}", WORD),
    "profiles": PROFILES,
}
LISTS = {"first": FIRST, "last": LAST, "companies": COMPANIES, "mails": MAILS, "words": WORDS}
LIKE_A_RESULT = "FORMAT parquet, COMPRESSION lz4_raw"  # as console/engines/work.py writes results


def make(path: Path, rows: int, kind: str = "customers") -> None:
    """Write the rows as Parquet like results are, a group of rows at a time."""
    query = QUERIES[kind].format(rows=rows, **{name: array(each) for name, each in LISTS.items()})
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": 2}) as connection:
        connection.execute(f"COPY ({query}) TO '{path}' ({LIKE_A_RESULT})")


def array(items):
    return "[" + ", ".join(f"'{item}'" for item in items) + "]"
