"""A parent segment over tables with difficult keys, as the tests of several files need it."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from activations.models import ParentSegment
from activations.parents import keeping
from console import jobs, tables
from console.models import Job

TABLES = {
    "people": {
        "id": ("bigint", [3, 1, 2, 2, None, 4]),
        "email": ("varchar", ["c@x", "a@x", "b2@x", "b1@x", "nobody@x", None]),
        "city": ("varchar", ["Rome", "Oslo", "Kyiv", "Lima", "Bonn", "Oslo"]),
        "house": ("varchar", ["h1", "h1", "h2", "h9", "h1", None]),
        "age": ("integer", [30, 40, 50, 60, 70, None]),
    },
    "profile": {  # its key is a text
        "person": ("varchar", ["1", "1", "3", "7", None]),
        "tier": ("varchar", ["Silver", "Gold", "Bronze", "Gold", "Gold"]),
        "seen_at": ("bigint", [20, 10, 30, 40, 50]),
        "secret": ("varchar", ["s1", "s2", "s3", "s4", "s5"]),
    },
    "orders": {  # its key is a double
        "buyer": ("double", [1.0, 1.0, 2.0, 9.0, None]),
        "time": ("bigint", [100, 200, 300, 400, 500]),
        "amount": ("double", [1.5, 2.5, 3.5, 4.5, 5.5]),
        "card": ("varchar", ["v1", "v2", "v3", "v4", "v5"]),
    },
    "visits": {
        "house_no": ("varchar", ["h1", "h2", "h9"]),
        "day": ("date", [1, 2, 3]),
    },
}
ARROW = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "varchar": pa.string(),
    "date": pa.date32(),
}


def make_table(database, name, columns, folder):
    arrays = {column: pa.array(values, ARROW[kind]) for column, (kind, values) in columns.items()}
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table(arrays), path)
    listed = [(column, kind) for column, (kind, _) in columns.items()]
    return tables.create_from(database, name, path, listed, replace=True)


@pytest.fixture
def crm(marketer, settings):
    """Mia's database, which nobody else reads, with people and what is known of them."""
    database = tables.create_database("crm", marketer, everyone_reads=False)
    for name, columns in TABLES.items():
        make_table(database, name, columns, settings.TABLES_DIR)
    return database


def column(source, kind, visibility="clear", *, name=""):
    return event(source, kind, visibility) | {"name": name or source, "group": ""}


def event(name, kind, visibility="clear"):
    return {"column": name, "kind": kind, "visibility": visibility}


def definition():
    """Return the fields of a parent segment over the tables."""
    return {
        "name": "People",
        "master": "crm.people",
        "key": "id",
        "attributes": [
            {
                "table": "crm.people",
                "columns": [
                    column("email", "string", "masked"),
                    column("city", "string"),
                    column("age", "string", name="age_text"),
                ],
            },
            {
                "table": "crm.profile",
                "parent_key": "id",
                "foreign_key": "person",
                "columns": [
                    column("tier", "string"),
                    column("seen_at", "timestamp"),
                    column("secret", "string", "blocked"),
                ],
            },
        ],
        "behaviors": [
            {
                "name": "orders",
                "table": "crm.orders",
                "parent_key": "id",
                "foreign_key": "buyer",
                "time": "time",
                "columns": [
                    event("time", "timestamp"),
                    event("amount", "number"),
                    event("card", "string", "masked"),
                ],
            },
            {
                "name": "visits",
                "table": "crm.visits",
                "parent_key": "house",
                "foreign_key": "house_no",
                "time": "day",
                "columns": [event("day", "date")],
            },
        ],
    }


@pytest.fixture
def parent(crm, marketer):
    """Mia's parent segment, not refreshed yet."""
    made = ParentSegment(owner=marketer, **definition())
    return keeping.save(made, readers=(), unmasked=(), by=marketer)


@pytest.fixture
def refresh():
    """Refresh a parent segment in this process, and return the job."""

    def refresh(parent):
        job = jobs.submit_query(parent.query)
        jobs.run(job.pk)
        return Job.objects.get(pk=job.pk)

    return refresh


def rows(database, table):
    """Return the rows of a table in their order by value, and the names of its columns."""
    found = tables.readable(database.owner)[database.name][table]
    names = [name for name, _ in found.columns]
    return names, sorted(tables.rows(found), key=repr)
