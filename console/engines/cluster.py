"""The Trino cluster: for tables that one machine has no room or no time for."""

import re
import tempfile
from dataclasses import replace
from itertools import chain
from pathlib import Path

from console.engines import refusals, trino_values, types, writing
from console.engines.asking import Conversation
from console.engines.dialects import duckdb
from console.engines.embedded import Embedded, ignore, never
from console.engines.process import OUTPUT, Watch, Workspace, disk_trouble
from console.engines.statement import Limits, QueryError, QueryResult, Source, Statement
from console.engines.types import literal, quote

ROWS = ("result", "rows")  # what the embedded engine knows rows of the cluster by
LOOK_SECONDS = 60
MOST_TABLES = 20_000  # that are looked at in one schema
# For which what is not answered is asked again: by whoever waits for a page, and by a job.
LOOK_PATIENCE, PATIENCE = 5, 60
COLUMNS = """
SELECT table_name, column_name, data_type FROM {catalog}.information_schema.columns
WHERE table_schema = {schema} ORDER BY table_name, ordinal_position
"""


class Cluster:
    """Runs statements that read from the cluster; its address has no slash at the end."""

    def __init__(self, url: str, user: str, password: str = ""):
        self.url, self.user, self.password = url, user, password

    def columns_of(self, catalog, schema, *, stopped=never) -> dict[str, list[tuple[str, str]]]:
        """Return the names and types of the columns of all tables and views of a schema.

        Raise QueryError where the cluster refuses, ExportError where nobody answers.
        """
        sql = COLUMNS.format(catalog=quote(catalog), schema=literal(schema))
        watch, found = Watch(Limits(seconds=LOOK_SECONDS), stopped, ignore, Path("/")), {}
        with refusals.told(), self.asking(sql, watch, LOOK_PATIENCE) as answer:
            for _, rows in answer.pages():
                for table, column, kind in rows:
                    found.setdefault(table, []).append((column, kind))
                if len(found) > MOST_TABLES:
                    break
        return found

    def asking(self, sql, watch, patience):
        return Conversation(self.url, self.user, self.password, sql, watch, patience)

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

        Raise QueryError, Stopped, or ExportError where the cluster cannot be asked.
        """
        watched = {"limits": limits or Limits(), "stopped": stopped, "progress": progress}
        statement = filled(statement, watched)
        if not statement.target:
            return self.fetch(statement, Path(output), watched)
        with tempfile.TemporaryDirectory(prefix=".cluster-", dir=Path(output).parent) as folder:
            rows = Path(folder, "rows.parquet")
            found = self.fetch(statement, rows, watched)
            return settled(statement, found, rows, Path(output), watched)

    def fetch(self, statement, output, watched):
        """Write the cluster's rows as they come."""
        with Workspace(output) as workspace:
            made = workspace.folder / OUTPUT
            watch = Watch(watched["limits"], watched["stopped"], watched["progress"], made)
            with refusals.told(statement), self.asking(statement.body, watch, PATIENCE) as answer:
                rows = Rows(answer, statement)
                count = write(rows, made)
            watch.check_size()
            return QueryResult(rows.kinds(), count, workspace.publish())


class Rows:
    """The rows of an answer as Arrow, its columns known once the first page was there."""

    def __init__(self, answer, statement):
        self.pages, self.most = answer.pages(), statement.most
        self.columns, self.first = next(self.pages, ([], []))
        refuse_others(answer.tables(), statement.reads)
        if told := types.twins([column["name"] for column in self.columns]):
            raise QueryError(told)
        self.kind = [trino_values.kind_of(column["typeSignature"]) for column in self.columns]

    def kinds(self):
        named = zip(self.columns, self.kind, strict=True)
        return [(column["name"], kind.name) for column, kind in named]

    @property
    def schema(self):
        import pyarrow as pa

        named = zip(self.columns, self.kind, strict=True)
        return pa.schema([pa.field(column["name"], kind.arrow) for column, kind in named])

    def batches(self):
        """Yield the rows in their order, as many as are wanted."""
        schema, left = self.schema, self.most
        for rows in chain([self.first], (rows for _, rows in self.pages)):
            wanted = rows[:left]
            if wanted:
                yield trino_values.batch_of(schema.names, self.kind, schema, wanted)
            left = None if left is None else left - len(wanted)
            if left == 0:
                return


def write(rows, path):
    """Write rows to a Parquet file. Return how many they are."""
    try:
        return writing.write(rows.batches(), rows.schema, str(path))
    except writing.TooWide:
        raise QueryError("The rows are too large: select fewer columns.") from None
    except writing.CannotWrite as error:
        raise QueryError(disk_trouble(str(error))) from None


def refuse_others(read, allowed):
    """Complain where the cluster reads what the statement was not seen to name."""
    if others := sorted(read - allowed):
        raise QueryError(
            f"The query reads {'.'.join(others[0])} on the Trino cluster, which is no table that "
            "you may read."
        )


def filled(statement: Statement, watched) -> Statement:
    """Return the statement with a value in the place of each mark."""
    if not statement.constants:
        return statement
    values = constants(statement, watched)
    marks = re.compile(rf"{statement.mark}(\d+)_")
    body = marks.sub(lambda mark: spelled(values[int(mark[1])]), statement.body)
    return replace(statement, body=body)


def constants(statement, watched):
    """Return the values that the embedded engine makes of what no row changes."""
    import pyarrow.parquet as pq

    asked = Statement(
        "select",
        statement.sql,
        statement.database,
        body=statement.constants,
        scheduled_time=statement.scheduled_time,
        timezone=statement.timezone,
    )
    with tempfile.TemporaryDirectory(prefix="constants-") as folder:
        path = Path(folder, "row.parquet")
        Embedded(None).execute(asked, path, **watched, waited_for=True)
        return [column[0].as_py() for column in pq.read_table(path).columns]


def spelled(value) -> str:
    """Return what a function of TD made as SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case int():
            return f"BIGINT '{value}'"  # A number alone is a column's in GROUP BY.
        case list():
            return f"ARRAY[{', '.join(map(spelled, value))}]"
        case str():
            return literal(value)
    raise TypeError(f"No function of TD makes a {type(value).__name__}.")


def settled(statement, found, rows, output, watched):
    """Write the cluster's rows into a table's file, in the types of its columns."""
    database, table = ROWS
    sql = f"SELECT * FROM {database}.{table}"
    asked = replace(
        statement,
        sql=sql,
        body=sql,
        engine="duckdb",
        database=database,
        reads=frozenset(),
        constants="",
        tables={database: {table: Source((str(rows),))}},
    )
    result = Embedded(duckdb).execute(asked, output, **watched)
    if statement.types:
        return result
    return QueryResult(found.columns, result.rows, result.bytes)
