"""A query that sends only what changed to a real SFTP server, and a receiver that applies it."""

import csv
import io
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console import jobs, tables
from console.jobs.changes.wishes import token
from console.models import Database, Job, Query, Table
from console.queries.saving import save
from integrations.connectors import CONNECTORS
from integrations.contract import Broken, RowRule
from integrations.models import Authentication

SFTP = CONNECTORS["sftp_v2"]
WORDS = {"added": "added", "changed": "changed", "removed": "removed"}
SCHEMA = pa.schema({"id": "int64", "name": "string", "amount": "double", "bad": "bool"})
TYPES = {"int64": "bigint", "string": "varchar", "double": "double", "bool": "boolean"}


def is_bad(batch, settings):
    yield Broken(batch["bad"], "The row is bad.")


GOOD = RowRule(name="good", sentence="No row is bad.", source="T", check=is_bad)


class Receiver:
    """The query, its source, and what stands at the other end."""

    def __init__(self, query, server, owner):
        self.query, self.server, self.owner = query, server, owner
        self.has = {}  # key -> values, after all files were applied
        self.seen = set()

    def offer(self, *rows, schema=None):
        """Let the source have these rows: (id, name, amount, bad)."""
        schema = schema or SCHEMA
        self.put(
            pa.Table.from_pylist(
                [dict(zip(schema.names, row, strict=True)) for row in rows], schema
            )
        )

    def put(self, table):
        path = tables.files.settings.TABLES_DIR / f"{token()}.parquet"
        pq.write_table(table, path)
        Table.objects.filter(database=self.query.database, name="source").delete()
        columns = [(field.name, TYPES[str(field.type)]) for field in table.schema]
        tables.create_from(self.query.database, "source", path, columns)

    def change(self, **more):
        """Save other wishes."""
        self.query.changes = {**self.query.changes, **more}
        self.query.save(update_fields=["changes"])

    def submit(self, **more):
        return jobs.submit_query(Query.objects.get(pk=self.query.pk), **more)

    def run(self, job=None, **more):
        job = job or self.submit(**more)
        jobs.run(job.pk)
        return self.took(job)

    def took(self, job):
        """Apply the new files, in their order; return the job as it is now."""
        for path in sorted(self.files(), key=lambda path: path.stat().st_mtime_ns):
            key = path.name, path.stat().st_mtime_ns
            if key not in self.seen:
                self.seen.add(key)
                self.apply(path)
        job.refresh_from_db()
        assert job.failure != Job.Failure.FAULT, job.traceback or job.error
        return job

    def files(self):
        return list(self.server.root.glob("in/*.csv"))

    def rows(self, job, part=""):
        return read(self.server.root / f"in/{job.pk}{part}.csv")

    def apply(self, path):
        parts = ("added", "changed", "removed")
        part = next((name for name in parts if path.stem.endswith(name)), None)
        for row in read(path):
            operation = part or row.pop("operation")
            if operation == "removed":
                self.has.pop(row["id"], None)
            else:
                self.has[row["id"]] = row

    def lose(self):
        """Forget the files, as a receiver that could not read them."""
        shutil.rmtree(self.server.root / "in", ignore_errors=True)


def read(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


@pytest.fixture
def receiver(sshd, marketer, settings, monkeypatch):
    """Mia's query, which sends what changed, with the operation in a column."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(SFTP, "contract", (GOOD,))
    monkeypatch.setattr(SFTP, "resends", True)
    shop = Database.objects.create(name="shop", owner=marketer)
    drop = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    given = {"path_prefix": "/in/{job}.csv", "user_directory_is_root": True, "newline": "LF"}
    form = SFTP.Export.from_json(given)
    assert form.is_valid(), form.errors
    query = Query(name="People", database=shop, owner=marketer, sql="SELECT * FROM source")
    query.authentication = drop
    query.export = form.cleaned_data | {"skip_invalid": True}
    query.changes = {"key": ["id"], "tell": "column", "since": token(), "hold_removed": None}
    save(query, by=marketer)
    query.save()
    found = Receiver(query, sshd, marketer)
    found.offer()
    return found
