"""Run one statement for a person: read what they may read, change what they may change."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from console import engines
from console.engines import QueryError
from console.models import Database
from console.outages import OUTAGES
from console.tables import log, store
from console.tables.access import can_write, readable
from console.tables.files import new_file, paths
from console.tables.names import AUDIENCE, TableError, check_name
from console.tables.remote import cluster, seen_anew
from integrations.errors import Stopped


@dataclass(frozen=True)
class Outcome:
    """What a statement did. The rows are in its output file."""

    columns: list[tuple[str, str]]  # (name, Trino type)
    rows: int
    bytes: int
    statement_kind: str  # select, create, insert or drop
    written_table: str = ""  # database.table


def never():
    return False


def ignore(_):
    pass


def limits():
    """Return what a query may use, as set for this installation."""
    return engines.Limits(
        memory_mb=settings.QUERY_MEMORY_MB,
        threads=settings.QUERY_THREADS,
        temp_mb=settings.QUERY_TEMP_MB,
        result_mb=settings.QUERY_RESULT_MB,
        seconds=settings.QUERY_SECONDS,
    )


def execute(sql, *, owner, database, output, engine="trino", **more):
    """Run a statement with its owner's rights and write its rows to `output`, a Parquet file.

    `database` is the name of the one that unqualified tables are in. `more`: scheduled_time,
    timezone, stopped, progress (called with 0 to 1), limits, `waited_for`, where somebody waits for
    few rows, and `most`, the first rows of a SELECT that are wanted, with which nothing else is
    run. A statement that changes a table gives one row, as Trino does: the number of rows written,
    or true for DROP.
    Raises QueryError (message, line, column) or Stopped; then nothing has changed.
    """
    task = Task(owner, Path(output), **more)
    place = {"database": database, "engine": engine}
    slot = {"slot": task.scheduled_time, "zone": task.timezone}
    try:
        statement = plan(sql, owner=owner, **place, **slot)
    except engines.NoTable as error:
        if not seen_anew(error.database):
            raise
        statement = plan(sql, owner=owner, **place, **slot)
    if task.most is not None:
        statement = first_of(statement, task.most)
    try:
        return STEPS[statement.kind](statement, task)
    except TableError as error:
        raise QueryError(str(error)) from None


@dataclass(frozen=True)
class Task:
    """The surroundings of one statement."""

    owner: object
    output: Path
    scheduled_time: object = None
    timezone: str = "UTC"
    stopped: object = never
    progress: object = ignore
    limits: object = None
    most: int | None = None
    waited_for: bool = False

    def check(self):
        """Raise Stopped when the work has to end: asked once more before a table changes."""
        if self.stopped():
            raise Stopped

    def run(self, statement, output):
        return engine_of(statement).execute(
            statement,
            output,
            limits=self.limits or limits(),
            stopped=self.stopped,
            progress=self.progress,
            waited_for=self.waited_for,
        )


def engine_of(statement):
    """Return what runs a statement."""
    return cluster() if statement.remote else engines.get_engine(statement.engine)


def first_of(statement, most):
    """Return the statement for its first rows. Only a SELECT leaves everything as it is."""
    if statement.kind != "select":
        raise QueryError("This changes a table: only a SELECT can be run for its first rows.")
    return replace(statement, most=most)


def plan(sql, *, owner, **place):
    """Check a statement over what its owner may read, without running it."""
    return plan_over(readable(owner), sql, **place)


def plan_over(found, sql, *, database, engine="trino", slot=None, zone="UTC"):
    """Check a statement over the tables that a look found: of several, all read the same ones."""
    if engine not in engines.ENGINES:
        raise QueryError(f"There is no engine {engine}: use {' or '.join(engines.ENGINES)}.")
    if database not in found:
        raise QueryError(f"There is no database {database} that you may read.")
    statement = engines.get_engine(engine).plan(
        sql, database=database, tables=sources(found), scheduled_time=slot, timezone=zone
    )
    return replace(statement, tables=with_log(statement.tables))


def with_log(sources):
    """Return the tables with the files of the delivery log, which can be many, where it is read."""
    if log.TABLE not in sources.get(log.DATABASE, {}):
        return sources
    files = tuple(map(str, log.files()))
    read = {log.TABLE: replace(sources[log.DATABASE][log.TABLE], files=files)}
    return {**sources, log.DATABASE: {**sources[log.DATABASE], **read}}


def sources(found):
    """Return tables as engines see them; that of the delivery log without its files."""
    return {
        database: {name: source(table) for name, table in tables.items()}
        for database, tables in found.items()
    }


def source(table):
    logged = log.is_log(table.database.name, table.name)
    files = () if logged else tuple(str(path) for path in paths(table))
    database = table.database
    remote = (database.catalog, database.schema) if database.remote else None
    return engines.Source(files, tuple((name, kind) for name, kind in table.columns), remote)


def select(statement, task):
    result = task.run(statement, task.output)
    return Outcome(result.columns, result.rows, result.bytes, "select")


def create(statement, task):
    database, name = writable(statement.target, task.owner)
    check_name(name)
    if database.tables.filter(name=name).exists():
        if statement.if_exists:
            return answer(statement, task, "rows", 0)
        raise TableError(f"There already is a table {database.name}.{name}.")
    result, path = make(statement, task)
    with kept_if_used(path), answered(statement, task, "rows", result.rows) as outcome:
        task.check()
        store.create_from(database, name, path, result.columns)
    return outcome


def insert(statement, task):
    database, name = writable(statement.target, task.owner)
    check_columns(statement)
    result, path = make(statement, task)
    with kept_if_used(path), answered(statement, task, "rows", result.rows) as outcome:
        task.check()
        store.append(database, name, path, result.columns)
    return outcome


def drop(statement, task):
    database, name = writable(statement.target, task.owner)
    if statement.if_exists and not database.tables.filter(name=name).exists():
        return answer(statement, task, "result", True)
    with answered(statement, task, "result", True) as outcome:
        store.drop(database, name)
    return outcome


STEPS = {"select": select, "create": create, "insert": insert, "drop": drop}


def make(statement, task, *, target=None):
    """Write the rows of a statement to a new file of its table."""
    path = new_file(*(target or statement.target))
    return task.run(statement, path), path


class kept_if_used:
    """Delete a new file again when the table could not be switched to it.

    Where the answer of the database was lost, nobody knows: collect_garbage() finds out later.
    """

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self.path

    def __exit__(self, kind, *_):
        if kind and issubclass(kind, Exception) and not issubclass(kind, OUTAGES):
            self.path.unlink(missing_ok=True)


def writable(target, owner):
    """Return the database and the table's name, if the owner may write there."""
    place, name = target
    database = Database.objects.filter(name=place).first()
    if database is None or place not in readable(owner):
        raise TableError(f"There is no database {place} that you may read.")
    if database.remote:
        raise TableError(
            f"{place} is on the Trino cluster, where the console changes nothing. Choose another "
            "database."
        )
    if place.startswith(AUDIENCE):
        raise TableError(
            f"{place} is made anew at each refresh of its parent segment, and what else is in it "
            "goes. Choose another database."
        )
    if not can_write(owner, database):
        raise TableError(f"You may not change tables of {place}.")
    return database, name


def check_columns(statement):
    """Complain about names in an INSERT's column list that the table does not have."""
    known = [name for name, _ in statement.types]
    for name in statement.columns:
        if name not in known:
            table = ".".join(statement.target)
            raise TableError(f'{table} has no column "{name}". It has {", ".join(known)}.')
        if statement.columns.count(name) > 1:
            raise TableError(f'Column "{name}" is listed twice.')


@contextmanager
def answered(statement, task, name, value):
    """Write the answer before the table changes: nothing can fail once it has."""
    outcome = answer(statement, task, name, value)
    try:
        yield outcome
    except BaseException:
        task.output.unlink(missing_ok=True)
        raise


def answer(statement, task, name, value):
    """Write the one row that tells what a statement did."""
    # Arrow takes a third of a second to load: only who writes rows waits for it.
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: [value]}), task.output)
    size = task.output.stat().st_size
    kind = "boolean" if value is True else "bigint"
    return Outcome([(name, kind)], 1, size, statement.kind, ".".join(statement.target))
