"""Several tables made together: readers see all of the old ones, or all of the new ones."""

from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from console.engines import QueryError
from console.models import Database
from console.tables import store
from console.tables.access import can_build, readable
from console.tables.names import TableError, check_name
from console.tables.statements import Outcome, Task, kept_if_used, make, plan_over

COLUMNS = [("table_name", "varchar"), ("row_count", "bigint")]
Builds = dict[str, dict[str, str]]  # {database: {table: SELECT}}


def written(builds: Builds) -> str:
    """Return all SELECTs as one text, each below the name of its table."""
    return "\n\n".join(f"-- {name}\n{sql};" for name, sql in named(builds))


def named(builds):
    return [
        (f"{place}.{name}", sql) for place, made in builds.items() for name, sql in made.items()
    ]


def lines_before(target, builds):
    """Return how many lines of the text stand before the SELECT of a table."""
    count = 0
    for name, sql in named(builds):
        if name == ".".join(target):
            break
        count += sql.count("\n") + 3
    return count + 1


def build(builds: Builds, *, owner, database, output, engine="trino", **more) -> Outcome:
    """Make all tables of databases anew, each from its SELECT, and drop what is built no more.

    `database` is where unqualified names of the SELECTs are. The result is a row for each table,
    with how many rows it has. `more` is as for execute(). Raises QueryError or Stopped; then
    nothing has changed.
    """
    task = Task(owner, Path(output), **more)
    try:
        places = {name: own_database(name, owner) for name in builds}
        statements = planned(builds, database, engine, task)
        with ExitStack() as files:
            made = {place: {} for place in builds}
            for target, statement in statements.items():
                made[target[0]][target[1]] = one(target, statement, builds, task, files)
            task.check()
            switch(places, made)
    except TableError as error:
        raise QueryError(str(error)) from None
    return summary(made, task)


def own_database(name, owner):
    database = Database.objects.filter(name=name).first()
    if database is None or not can_build(owner, database):
        raise TableError(f"There is no database {name} whose tables you may change.")
    return database


def planned(builds, database, engine, task):
    """Return the statement of each table: all are over the same look at what there is to read."""
    found = readable(task.owner)
    place = {"database": database, "engine": engine}
    place |= {"slot": task.scheduled_time, "zone": task.timezone}
    statements = {}
    for target in [(name, table) for name, tables in builds.items() for table in tables]:
        check_name(target[1])
        with told_of(target, builds):
            statements[target] = plan_over(found, builds[target[0]][target[1]], **place)
            if statements[target].kind != "select":
                raise QueryError("Only a SELECT makes a table.")
    return statements


@contextmanager
def told_of(target, builds):
    """Say which table could not be made, and where in all of the text."""
    try:
        yield
    except QueryError as error:
        line = error.line and error.line + lines_before(target, builds)
        what = f"The table {'.'.join(target)} could not be made: "
        told = f"{what}{error.told}"
        raise QueryError(f"{what}{error}", line, error.column, told=told) from None


def one(target, statement, builds, task, files):
    """Write the rows of one table to a new file, which is deleted unless it is used."""
    with told_of(target, builds):
        result, path = make(statement, task, target=target)
    files.enter_context(kept_if_used(path))
    return result, path


def switch(places, made):
    """Put the new files in the place of the old ones, in one transaction with what follows."""
    with transaction.atomic():
        for place, tables in made.items():
            for name, (result, path) in tables.items():
                store.create_from(places[place], name, path, result.columns, replace=True)
            for table in places[place].tables.exclude(name__in=tables):
                store.drop(places[place], table.name)
        for follow in settings.AFTER_BUILD:
            import_string(follow)(list(made))


def summary(made, task) -> Outcome:
    """Write how many rows each table has as the result."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts = {
        f"{place}.{name}": result.rows
        for place, tables in made.items()
        for name, (result, _) in tables.items()
    }
    rows = pa.table({"table_name": list(counts), "row_count": pa.array(counts.values(), "int64")})
    part = task.output.with_name(f".{uuid4().hex}.part")
    pq.write_table(rows, part, compression="zstd")
    part.replace(task.output)
    return Outcome(COLUMNS, rows.num_rows, task.output.stat().st_size, "build")
