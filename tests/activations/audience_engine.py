"""The embedded engine over an audience's tables, without a database of the console."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq

from console.engines import Source, get_engine
from integrations.rows import Rows
from tests.activations.audience_data import NOW

ARROW = {
    "varchar": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp(6)": pa.timestamp("us"),
    "array(varchar)": pa.list_(pa.string()),
    "array(bigint)": pa.list_(pa.int64()),
}


def asking(folder, tables, now=NOW):
    """Return a function that runs a statement over {table: (rows, types)} and returns its rows."""
    sources = {name: written(folder, name, *given) for name, given in tables.items()}
    engine = get_engine("trino")

    def ask(sql, now=now):
        slot = dt.datetime.fromtimestamp(now, dt.UTC)
        plan = engine.plan(sql, database="aud", tables={"aud": sources}, scheduled_time=slot)
        engine.execute(plan, folder / "found.parquet")
        rows = Rows(folder / "found.parquet")
        return [row for portion in rows.portions() for row in portion.to_pylist()]

    return ask


def written(folder, name, rows, types):
    schema = pa.schema([(column, ARROW[kind]) for column, kind in types.items()])
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return Source((str(path),), tuple(types.items()))
