"""The database of a quickstart, its demo data and its demo objects."""

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Sum

from console import demo
from console.models import Table
from console.quickstart import removed
from integrations.sandbox import HOST, PASSWORD, USER
from integrations.sandbox.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY


def sandbox_files():
    """Return the folder that the sandbox serves."""
    return settings.HOME / "sandbox"


def sandbox_buckets():
    """Return the folder in which the S3 sandbox has its buckets."""
    return sandbox_files() / "s3"


def clevertap_files():
    """Return the folder of what the CleverTap sandbox was sent."""
    return sandbox_files() / "clevertap-api"


def migrate():
    """Make the tables of the database, or change them. Return whether there was need to."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", verbosity=0)
    return True


def prepare(port, s3_port, clevertap_port, tell):
    """Make what is missing of the demo; return the query that exports to the sandbox.

    Where somebody has removed the demo, make nothing and return None.
    """
    if removed.is_removed():
        return None
    before = Table.objects.count()
    query = demo.make(
        demo.Sandbox(
            port,
            USER,
            PASSWORD,
            s3=f"http://{HOST}:{s3_port}",
            access_key_id=ACCESS_KEY_ID,
            secret_access_key=SECRET_ACCESS_KEY,
            clevertap=f"http://{HOST}:{clevertap_port}",
        )
    )
    made = Table.objects.aggregate(rows=Sum("rows"), tables=Count("pk"))
    if made["tables"] > before:
        tell(f"demo data made: {made['rows']:,} rows in {made['tables']} tables")
    return query
