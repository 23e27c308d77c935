"""The database of a quickstart, its demo data and its demo objects."""

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Sum

from console import demo
from console.models import Table
from integrations.sandbox import PASSWORD, USER


def sandbox_files():
    """Return the folder that the sandbox serves."""
    return settings.HOME / "sandbox"


def migrate():
    """Make the tables of the database, or change them. Return whether there was need to."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", verbosity=0)
    return True


def prepare(port, tell):
    """Make what is missing of the demo; return the query that exports to the sandbox."""
    before = Table.objects.count()
    query = demo.make(demo.Sandbox(port, USER, PASSWORD))
    made = Table.objects.aggregate(rows=Sum("rows"), tables=Count("pk"))
    if made["tables"] > before:
        tell(f"demo data made: {made['rows']:,} rows in {made['tables']} tables")
    return query
