"""What an engine is asked and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


class QueryError(Exception):
    """The query cannot be run, said in the words and the positions of its author's SQL.

    `told` is the message without values of the data, for people who may not see them.
    """

    def __init__(self, message, line=None, column=None, *, told=""):
        super().__init__(message)
        self.line, self.column = line, column
        self.told = told or message


class NoTable(QueryError):
    """The query names a table that its author may not read, or that is not known."""

    def __init__(self, message, line=None, column=None, *, database=""):
        super().__init__(message, line, column)
        self.database = database


@dataclass(frozen=True)
class Source:
    """A table as an engine sees it: its Parquet files in order, and its columns."""

    files: tuple[str, ...]
    columns: tuple[tuple[str, str], ...] = ()  # (name, Trino type)
    remote: tuple[str, str] | None = None  # catalog and schema on the Trino cluster; no files then


Catalog = Mapping[str, Mapping[str, Source]]  # database -> table -> source


@dataclass(frozen=True)
class Limits:
    """What one query may use. Enforced on the process that runs it."""

    memory_mb: int = 1024
    threads: int = 2
    temp_mb: int = 20_480
    result_mb: int = 20_480
    seconds: float = 3600


@dataclass(frozen=True)
class Statement:
    """A checked statement: what it does, and the DuckDB query that makes its rows."""

    kind: str  # select, create, insert or drop
    sql: str  # as its author wrote it
    database: str
    engine: str = "trino"
    body: str = ""  # DuckDB SQL of the rows, or the cluster's; empty for DROP
    reads: frozenset = frozenset()  # (catalog, schema, table) of all on the Trino cluster
    constants: str = ""  # DuckDB SQL of the one row of values that stand in the cluster's SQL
    mark: str = ""  # what stands there for each until then, before its number and "_"
    body_at: int | None = None  # where the body stands in `sql`, when it was taken from there
    target: tuple[str, str] | None = None  # (database, table) written by the statement
    columns: tuple[str, ...] = ()  # column list of an INSERT
    types: tuple[tuple[str, str], ...] = ()  # columns of the table an INSERT adds to
    if_exists: bool = False  # IF EXISTS of a DROP, IF NOT EXISTS of a CREATE
    tables: Catalog = field(default_factory=dict)  # what the query may read, narrowed to its names
    readable: tuple[tuple[str, str], ...] = ()  # every (database, table) its author may read
    scheduled_time: datetime = field(default_factory=lambda: datetime.now(UTC))
    timezone: str = "UTC"
    most: int | None = None  # rows of a SELECT that are wanted, from its first; None: all of them

    @property
    def remote(self) -> bool:
        """Return whether the rows come from the Trino cluster."""
        return bool(self.reads)


@dataclass(frozen=True)
class QueryResult:
    """Columns and size of a result that was written to its file."""

    columns: list[tuple[str, str]]  # (name, Trino type)
    rows: int
    bytes: int
