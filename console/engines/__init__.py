"""Engines turn a person's SQL into rows: the embedded one, and a Trino cluster."""

from importlib import import_module

ENGINES = {"trino": "Trino SQL", "duckdb": "DuckDB SQL"}
ASKED = {"Limits", "NoTable", "QueryError", "QueryResult", "Source", "Statement"}


def __getattr__(name):
    """Import the words of questions and answers for whoever asks.

    The child of each query does not: dataclasses alone are a fifth of its start.
    """
    if name not in ASKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("console.engines.statement"), name)


def get_engine(name):
    """Return the embedded engine for a dialect: an object with plan() and execute()."""
    # Imported here: the child process must not load the SQL translator.
    from console.engines.dialects import duckdb, trino
    from console.engines.embedded import Embedded

    return Embedded({"trino": trino, "duckdb": duckdb}[name])
