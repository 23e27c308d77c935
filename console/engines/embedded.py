"""The embedded engine: DuckDB in a locked-down child process for every query."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from console.engines import complaints
from console.engines.process import ChildError, Crashed, Workspace, run_child, size_of
from console.engines.statement import Limits, QueryResult

MANY_BYTES = 64 << 20  # of the tables that are read


def never():
    return False


def ignore(_):
    pass


class Embedded:
    """Runs one dialect's statements; its `read` turns a text into a Statement."""

    def __init__(self, dialect):
        self.dialect = dialect

    def kind(self, sql):
        """Return what a statement does: select, insert, create, drop. Or raise QueryError."""
        return self.dialect.kind(sql)

    def plan(self, sql, *, database, tables, scheduled_time=None, timezone="UTC"):
        """Check a statement and return what it does, or raise QueryError."""
        slot = scheduled_time or datetime.now(UTC)
        return self.dialect.read(
            sql, database=database, tables=tables, scheduled_time=slot, timezone=timezone
        )

    def execute(
        self,
        statement,
        output,
        *,
        limits=None,
        stopped=never,
        progress=ignore,
        waited_for=False,
    ):
        """Write the rows of a statement to a Parquet file and return what they are.

        Somebody who waits for few rows does not wait for what makes many of them quicker.
        """
        watched = {"limits": limits or Limits(), "stopped": stopped, "progress": progress}
        if not waited_for and is_large(statement):
            # What hands rows on has no bound for wide ones, and does not survive it.
            with suppress(Crashed):
                return run(statement, Path(output), watched, streams=True)
        return run(statement, Path(output), watched, streams=False)


def run(statement, output, watched, *, streams):
    """Run a statement in a child. Return its QueryResult."""
    with Workspace(output) as workspace:
        request = asked(statement, workspace.folder) | {"streams": streams}
        try:
            answer = run_child(request, **watched)
        except ChildError as error:
            raise complaints.told(error.found, statement, watched["limits"]) from None
        columns = [(name, kind) for name, kind in answer["columns"]]
        return QueryResult(columns, answer["rows"], workspace.publish())


def is_large(statement):
    """Return whether a result may have so many rows that they are written as a stream."""
    if statement.target or statement.most is not None:
        return False
    return sum(size_of(Path(file)) for file in files_of(statement)) >= MANY_BYTES


def files_of(statement):
    """Return the files of all tables that a statement reads, each once."""
    sources = (source for sources in statement.tables.values() for source in sources.values())
    return sorted({file for source in sources for file in source.files})


def asked(statement, folder):
    """Return what the child has to know."""
    tables = {
        database: {name: list(source.files) for name, source in sources.items()}
        for database, sources in statement.tables.items()
    }
    return {
        "work": "query",
        "folder": str(folder),
        "read": files_of(statement),
        "sql": statement.body,
        "trino": statement.engine == "trino",
        "database": statement.database,
        "tables": tables,
        "columns": list(statement.columns),
        "into": list(statement.types),
        "lasts": bool(statement.target),
        "most": statement.most,
        "scheduled_time": statement.scheduled_time.timestamp(),
    }
