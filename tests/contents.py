"""What migrations put into the database: there again after each test that empties all tables.

Django brings some of it back by itself, by signals and one row after the other, which takes longer;
the rest is missing then, so that other tests could not come after such a one.
"""

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import TransactionTestCase


class Contents:
    """The rows of all tables that have some, but for the list of migrations."""

    def __init__(self):
        tables = connection.introspection.django_table_names(only_existing=True)
        own = MigrationRecorder.Migration._meta.db_table
        found = {table: rows_of(table) for table in sorted(tables) if table != own}
        self.rows = {table: rows for table, rows in found.items() if rows}

    def put_back(self):
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self.rows.items():
                marks = ", ".join(["%s"] * len(rows[0]))
                name = connection.ops.quote_name(table)
                cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)


def rows_of(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        return cursor.fetchall()


def keep():
    """Remember the rows that are there, and let them be what tests with transactions leave."""
    contents = Contents()

    def empty(_):
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
        contents.put_back()

    TransactionTestCase._fixture_teardown = empty
