"""DuckDB as somebody has it open: SQL in, seconds and the row out, a line of JSON each.

The arguments are {table: [files]} and a folder to spill to. As nice to others as the product's
engine is.
"""

import json
import os
import sys
import time

import duckdb


def main(tables, spill):
    os.nice(5)
    config = {"threads": 2, "memory_limit": "4GB", "temp_directory": spill}
    connection = duckdb.connect(config=config)
    for name, files in json.loads(tables).items():
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet({files})")
    for line in sys.stdin:
        began = time.perf_counter()
        row = connection.execute(json.loads(line)).fetchone()
        print(json.dumps([round(time.perf_counter() - began, 4), row]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
