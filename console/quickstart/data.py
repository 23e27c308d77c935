"""The database of a quickstart, its demo data and its demo objects."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from console import demo
from integrations.sandbox.server import PASSWORD, USER

SANDBOX_ROOT = "sandbox"


def prepare(port, tell):
    """Make what is missing; return the query that exports to the sandbox at the port."""
    if unmigrated():
        call_command("migrate", verbosity=0)
        tell("database made")
    return demo.make(demo.Sandbox(port, USER, PASSWORD))


def unmigrated():
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())
