"""Run `SELECT *` as a job does, in the child of the engine: `query.py TABLE RESULT ROWS`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from console.engines import Source, get_engine

if __name__ == "__main__":
    table, result, rows = sys.argv[1:]
    engine = get_engine("trino")
    tables = {"demo": {"customers": Source((table,))}}
    statement = engine.plan("SELECT * FROM customers", database="demo", tables=tables)
    found = engine.execute(statement, Path(result)).rows
    if found != int(rows):
        raise SystemExit(f"The result has {found} rows in the place of {rows}.")
