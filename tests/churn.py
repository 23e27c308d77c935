"""A process that replaces a table all the time, and deletes what it replaced at once."""

import subprocess
import sys
from contextlib import contextmanager

from tests.homes import ROOT
from tests.servers import wait_until

CHURN = """\
from datetime import timedelta
import pyarrow as pa, pyarrow.parquet as pq
from django.conf import settings
from console import tables
from console.models import Database
from console.tables import files
files.KEEP, settings.JOB_SECONDS = timedelta(0), 0
shop = Database.objects.get(name="shop")
number = 0
while True:
    number += 1
    path = files.new_file("shop", "churn")
    pq.write_table(pa.table({"n": [number] * number}), path)
    tables.create_from(shop, "churn", path, [("n", "bigint")], replace=True)
    print(number, flush=True)
    tables.collect_garbage()
"""
READ = """\
from console import tables
from console.models import Table
table = Table.objects.get(name="churn")
rows = [n for n, in tables.rows(table)]
assert len(rows) == table.rows == rows[0] and len(set(rows)) == 1, (table.rows, rows)
print(rows[0])
"""


@contextmanager
def churning(console):
    """Let the table `churn` of the database `shop` have as many rows as their value, ever more."""
    with (console.folder / "churn.log").open("w+") as log:
        writer = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "-v0", "-c", CHURN],
            cwd=ROOT, env=console.environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_until(lambda: console.said("churn"), 60)
            yield
            assert writer.poll() is None, console.said("churn")
        finally:
            writer.kill()
            writer.wait()


def churned(console):
    """Return the rows of the table, which have to be those of one moment."""
    return int(console.shell(READ))
