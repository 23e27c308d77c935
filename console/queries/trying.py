"""Whether a query could run, and its result be delivered, as things are now."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from console import tables
from console.engines import QueryError
from console.models import Query
from console.tables import TableError
from integrations import trials
from integrations.errors import ExportError
from integrations.secrets import SecretUnreadable

SECONDS = 30  # Somebody waits for the page.


def trouble(query: Query) -> str:
    """Return what would make a run fail, with what to do, or nothing.

    Nothing is changed and nothing is delivered: the query is run for none of its rows, and
    the authentication takes the steps of its connection test.
    """
    return trouble_with_sql(query) or trouble_with_connection(query.authentication)


def trouble_with_sql(query):
    whose = {"owner": query.owner, "database": query.database.name, "engine": query.engine}
    try:
        statement = tables.plan(query.sql, **whose)
        if statement.kind == "select":
            run_for_no_rows(query.sql, whose)
    except (QueryError, TableError, ExportError) as error:
        return f"The query: {error}"
    return ""


def run_for_no_rows(sql, whose):
    """Run the query for none of its rows: what it names has to be there."""
    sql = f"SELECT * FROM (\n{sql.strip().rstrip(';')}\n) AS tried LIMIT 0"  # noqa: S608 - its author's own.
    limits = replace(tables.limits(), seconds=SECONDS)
    with TemporaryDirectory(prefix="trial-") as folder:
        output = Path(folder) / "rows.parquet"
        tables.execute(sql, output=output, limits=limits, waited_for=True, **whose)


def trouble_with_connection(authentication):
    if authentication is None:
        return ""
    try:
        steps = trials.run(authentication.connector, authentication.settings)
    except SecretUnreadable as error:
        return str(error)
    failed = next((step for step in steps if step["outcome"] == "failed"), None)
    if not failed:
        return ""
    return f"{authentication}: {failed['name']}: {failed['detail']} {failed['remedy']}".strip()
