"""Write a snapshot as CSV with DuckDB's own COPY: `duckdb_copy.py SNAPSHOT FILE`."""

import sys

import duckdb

if __name__ == "__main__":
    source, target = sys.argv[1:]
    duckdb.execute("SET memory_limit = '512MB'")
    duckdb.execute(f"COPY (FROM '{source}') TO '{target}' (FORMAT csv)")
