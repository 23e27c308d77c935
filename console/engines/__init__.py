"""Engines turn a person's SQL into rows. A Trino cluster would be one more entry here."""

from console.engines.statement import Limits, QueryError, QueryResult, Source, Statement

ENGINES = {"trino": "Trino SQL", "duckdb": "DuckDB SQL"}

__all__ = ["ENGINES", "Limits", "QueryError", "QueryResult", "Source", "Statement", "get_engine"]


def get_engine(name):
    """Return the engine of this name: an object with plan() and execute()."""
    # Imported here: the child process must not load the SQL translator.
    from console.engines.dialects import duckdb, trino
    from console.engines.embedded import Embedded

    return Embedded({"trino": trino, "duckdb": duckdb}[name].read)
