"""Tables of customers and of what they did, the same for every run, and their parent segment.

All values come from a mix of whole numbers that is written out here, so no version of DuckDB
makes others. Rows of what customers did lie in the order of their time, as they arrive.
"""

from pathlib import Path

import duckdb

DAY = 86_400
BEHAVIORS = {"orders": 4, "pageviews": 12, "emails": 4}  # rows for each customer
PLACE = "shop"
# A number below 2**32 that says nothing of the row's or the salt's.
MIX = """
CREATE MACRO spread(x) AS ((x % 4294967296) * 1597334677) % 4294967296;
CREATE MACRO folded(x) AS spread(xor(x, x >> 15));
CREATE MACRO mix(row, salt) AS folded(spread(row * 4 + salt));
-- Half of the rows are of anybody, half of those who come often.
CREATE MACRO customer(x, row, customers) AS 1 + CAST(floor(
    customers * CASE WHEN row % 2 = 0 THEN x / 4294967296.0 ELSE pow(x / 4294967296.0, 2) END
) AS BIGINT);
CREATE MACRO moment(row, rows, until) AS until - (rows - row) * {span} // rows - 1;
CREATE MACRO picked(list, x) AS list[1 + x % len(list)];
"""
SPAN = 730 * DAY
TABLES = {
    "customers": """
SELECT
    i + 1 AS customer_id,
    lower(picked(['Aiko', 'Ben', 'Chloe', 'Elif', 'Hugo', 'Noah', 'Priya', 'Zoë'], a)) || i ||
        picked(['@example.com', '@example.org', '@mail.example.net'], a // 8) AS email,
    picked(['Aiko', 'Ben', 'Chloe', 'Elif', 'Hugo', 'Noah', 'Priya', 'Zoë'], a) AS first_name,
    picked(['US', 'US', 'US', 'JP', 'JP', 'GB', 'DE', 'FR', 'IN', 'BR'], a // 64) AS country,
    CAST(18 + a // 1024 % 62 AS INTEGER) AS age,
    CASE WHEN b % 11 > 0 THEN picked(['bronze', 'bronze', 'silver', 'gold'], b) END AS tier,
    b // 16 % 100 < 72 AS opt_in,
    list_distinct([picked(['new', 'vip', 'gift', 'sale', 'app'], b // 2048),
        picked(['new', 'vip', 'gift', 'sale', 'app'], b // 16384)]) AS tags,
    round((b // 32 % 100000) / 100, 2) AS lifetime_value,
    {until} - b % {span} - 1 AS signup
FROM (SELECT i, mix(i, 0) AS a, mix(i, 1) AS b FROM range({customers}) AS r(i))""",
    "orders": """
SELECT
    i + 1 AS order_id, customer(a, i, {customers}) AS customer_id,
    moment(i, {rows}, {until}) AS time,
    picked(['coffee', 'coffee', 'tea', 'mugs', 'gifts', 'machines'], b) AS category,
    round(5 + (b // 64 % 12000) / 100, 2) AS amount,
    CASE WHEN b // 1048576 % 29 = 0 THEN 'refunded' ELSE 'completed' END AS status
FROM (SELECT i, mix(i, 0) AS a, mix(i, 2) AS b FROM range({rows}) AS r(i))""",
    "pageviews": """
SELECT
    customer(a, i, {customers}) AS customer_id, moment(i, {rows}, {until}) AS time,
    '/' || picked(['coffee', 'tea', 'mugs', 'gifts', 'help'], b) || '/' || (b // 16 % 60) AS path,
    picked(['mobile', 'mobile', 'mobile', 'desktop', 'desktop', 'tablet'], b // 1024) AS device,
    CAST(3 + b // 8192 % 240 AS INTEGER) AS seconds
FROM (SELECT i, mix(i, 1) AS a, mix(i, 3) AS b FROM range({rows}) AS r(i))""",
    "emails": """
SELECT
    customer(a, i, {customers}) AS customer_id, moment(i, {rows}, {until}) AS time,
    'newsletter ' || (i * 104 // {rows}) AS campaign,
    picked(['delivered', 'delivered', 'delivered', 'open', 'open', 'click'], b) AS event
FROM (SELECT i, mix(i, 2) AS a, mix(i, 0) AS b FROM range({rows}) AS r(i))""",
}
TYPES = {"INTEGER": "integer", "BIGINT": "bigint", "DOUBLE": "double", "VARCHAR": "varchar"}
TYPES |= {"BOOLEAN": "boolean", "VARCHAR[]": "array(varchar)"}
LIKE_A_TABLE = "FORMAT parquet, COMPRESSION zstd"  # as console/engines/work.py writes tables


def make(name: str, path: Path, customers: int, until: int) -> list[tuple[str, str]]:
    """Write a table of the audience's sources, and return its columns with their Trino types."""
    rows = customers * BEHAVIORS.get(name, 1)
    query = TABLES[name].format(customers=customers, rows=rows, until=until, span=SPAN)
    config = {"memory_limit": "1GB", "threads": 2, "temp_directory": str(path.parent / "spill")}
    with duckdb.connect(config=config) as connection:
        connection.execute(MIX.format(span=SPAN))
        connection.execute(f"COPY ({query}) TO '{path}' ({LIKE_A_TABLE})")
        described = connection.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()
    return [(column, TYPES[kind]) for column, kind, *_ in described]
