"""SQL that tests ask the embedded engine, over no tables or their own."""

from datetime import UTC, datetime

import pyarrow.parquet as pq

from console.engines import get_engine

SLOT = datetime(2018, 8, 14, 1, 23, 45, tzinfo=UTC)


def rows(sql, folder, engine="trino", tables=None, **more):
    """Run a query and return its rows and its columns."""
    runner = get_engine(engine)
    more = {"scheduled_time": SLOT} | more
    statement = runner.plan(sql, database="demo", tables=tables or {"demo": {}}, **more)
    result = runner.execute(statement, folder / "output.parquet")
    found = pq.read_table(folder / "output.parquet")
    return [tuple(row.values()) for row in found.to_pylist()], result.columns


def wrong(values, folder):
    """Return those of (expression, value) pairs that have another value, asked in one query."""
    select = ",\n".join(f"{expression} AS v{i}" for i, (expression, _) in enumerate(values))
    [found], _ = rows(f"SELECT {select}", folder)
    pairs = zip(values, found, strict=True)
    return {expression: value for (expression, wanted), value in pairs if value != wanted}
