"""Writing many rows: DuckDB hands them on in their order, and Arrow's writer makes the file.

DuckDB's own writer keeps what each thread has made until its turn comes, hundreds of megabytes of a
large result, and takes half as much processor time again. It writes all types, and needs nothing to
be loaded first; so few rows, and types that are not plain, are left to it.
"""

from pathlib import Path

import _duckdb as duckdb

from console.engines import writing

BATCH_ROWS = 15_360  # that are in memory together, however wide; fewer wait for each other
PLAIN = {
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL"),
    *("VARCHAR", "DATE", "TIMESTAMP"),
}


def load() -> None:
    """Import what this needs: once a process is locked down it is too late."""
    import duckdb  # noqa: F401 - It gives connections what hands rows on.
    import pyarrow.parquet  # noqa: F401


def suits(kinds: list[str]) -> bool:
    """Return whether columns of these DuckDB types are written like this."""
    return all(kind.partition("(")[0] in PLAIN and not kind.endswith("]") for kind in kinds)


def write(connection: duckdb.DuckDBPyConnection, sql: str, path: str) -> int:
    """Write the rows of a query to a Parquet file. Return how many they are.

    Raise TooWide, CannotWrite or MemoryError; what DuckDB says is its own error, or an OSError
    with its text.
    """
    try:
        reader = connection.sql(sql).to_arrow_reader(BATCH_ROWS)
        return writing.write(reader, reader.schema, path)
    except BaseException:
        Path(path).unlink(missing_ok=True)  # Whoever writes it again writes another file.
        raise
