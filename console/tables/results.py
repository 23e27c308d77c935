"""Put a result into a table: beside the rows it has, in their place, or in that of the table."""

from collections.abc import Callable
from dataclasses import dataclass

from console import engines
from console.engines.types import quote
from console.tables import store
from console.tables.files import new_file
from console.tables.names import TableError, check_name
from console.tables.statements import kept_if_used, limits, writable
from integrations.rows import Rows

RESULT = ("result", "rows")  # what the engine knows the file by


@dataclass(frozen=True)
class Run:
    """The run whose rows are put into a table."""

    name: str  # a table has the rows of those of one name once
    owner: object
    stopped: Callable[[], bool]
    fence: Callable[[], None]  # called last before the table changes; raises Stopped


def put(path, target, run, *, mode):
    """Write the rows of a Parquet file into a table, and return the new file's bytes.

    `target` is (database, table). append adds the rows, truncate has them in place of the others,
    both in the table's columns; replace makes the table anew. Raises TableError, QueryError or
    Stopped; then nothing has changed.
    """
    database, name, into = into_of(target, run.owner, mode)
    statement = reading(path, target, into)
    new = new_file(database.name, name, run.name)
    engine = engines.get_engine(statement.engine)
    result = engine.execute(statement, new, limits=limits(), stopped=run.stopped)
    with kept_if_used(new):
        run.fence()
        store.put(database, name, new, result.columns, run=run.name, mode=mode)
    return result.bytes


def check(target, owner, names, *, mode):
    """Raise TableError where columns of these names cannot be put into a table."""
    *_, into = into_of(target, owner, mode)
    if into:
        chosen(names, into, target)


def into_of(target, owner, mode):
    """Return database, name and columns of a table to write to; none where it is made anew."""
    database, name = writable(target, owner)
    check_name(name)
    table = database.tables.filter(name=name).first() if mode != "replace" else None
    return database, name, tuple(map(tuple, table.columns)) if table else ()


def reading(path, target, into):
    """Return a statement over all rows of the file, for the columns of a table by name."""
    names = Rows(path).columns
    sql = f"SELECT {', '.join(map(quote, names))} FROM {'.'.join(map(quote, RESULT))}"  # noqa: S608
    return engines.Statement(
        kind="insert" if into else "create",
        sql=sql,
        body=sql,
        database=RESULT[0],
        engine="duckdb",
        target=target,
        columns=chosen(names, into, target) if into else (),
        types=into,
        tables={RESULT[0]: {RESULT[1]: engines.Source((str(path),))}},
    )


def chosen(names, into, target):
    """Return the table's own spelling of each column. Raise TableError for what it has not."""
    known = {name.lower(): name for name, _ in into}
    if new := [name for name in names if name.lower() not in known]:
        columns = "the columns" if len(new) > 1 else "the column"
        raise TableError(
            f"{'.'.join(target)} does not have {columns} {', '.join(new)} of the result. "
            f"It has {', '.join(known.values())}."
        )
    return tuple(known[name.lower()] for name in names)
