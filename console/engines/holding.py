"""How much of a result waits in memory until it is written.

DuckDB writes rows in their order: what one thread has made waits for what another makes before
it, up to a quarter of what operators may use together. It sets 4 MB aside for each column in each
thread, and has fewer threads where they do not fit. So that quarter need not be larger, if nothing
else in the plan wants memory: sorts, joins and groups do, and keep all there is.
"""

import json

MB_OF_COLUMN, SHARE = 4, 4
LEAST_MB = 256  # of few columns: some have long texts
PASSING = {  # Operators that hand rows on as they come.
    *("READ_PARQUET", "PARQUET_SCAN", "COLUMN_DATA_SCAN", "DUMMY_SCAN", "EMPTY_RESULT", "RANGE"),
    *("PROJECTION", "FILTER", "UNNEST", "UNION"),
    *("LIMIT", "STREAMING_LIMIT", "STREAMING_WINDOW", "STREAMING_SAMPLE"),
}


def bound(connection, plan, columns, limits):
    """Let no more rows wait than the threads need. The plan is JSON, as EXPLAIN gives it."""
    wanted = max(LEAST_MB, SHARE * MB_OF_COLUMN * columns * limits["threads"])
    if wanted < limits["memory_mb"] and operators(json.loads(plan)) <= PASSING:
        connection.execute(f"SET operator_memory_limit = '{wanted}MB'")


def operators(nodes):
    """Return the names of the operators of a plan."""
    below = [operators(node.get("children", [])) for node in nodes]
    return {node["name"].strip() for node in nodes}.union(*below)
