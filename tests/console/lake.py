"""A database on a real Trino cluster, what its tables have, and how they are queried."""

import datetime as dt
import uuid

import pyarrow.parquet as pq
import pytest

from console import tables
from console.engines import QueryError
from console.models import Database
from console.tables.remote import mirror

SLOT = dt.datetime(2026, 3, 29, 3, 30, tzinfo=dt.UTC)  # As clocks of Europe go forward.
VISITS = """
SELECT * FROM (VALUES
    (1, BIGINT '1774704600', 'ann', '2026-03-28 22:30:00'),
    (2, BIGINT '1774747800', 'bob', '2026-03-29T01:30:00Z'),
    (3, BIGINT '1774755000', NULL, '2026-3-9 JST'),
    (4, BIGINT '1774758600', 'zoë', '2026-03-29 10:30:00+0900'),
    (5, BIGINT '-1', 'it''s', 'soon'),
    (6, NULL, '"x"', NULL)
) AS visits(n, time, who, told)
"""
MANY = 120_000  # rows of the table numbers


@pytest.fixture(scope="module")
def lake_schema(trino_server):
    """A schema with tables, of this module alone."""
    name = f"queries_{uuid.uuid4().hex}"
    trino_server.run(f"CREATE SCHEMA lake.{name}")
    trino_server.run(f"CREATE TABLE lake.{name}.visits AS {VISITS}")
    numbers = "UNNEST(sequence(0, 299)) AS a(x) CROSS JOIN UNNEST(sequence(0, 399)) AS b(y)"
    trino_server.run(
        f"CREATE TABLE lake.{name}.numbers AS SELECT BIGINT '400' * x + y AS n, "
        f"'text ' || CAST(y AS varchar) AS often FROM {numbers}"
    )
    trino_server.run(f"CREATE VIEW lake.{name}.people AS SELECT who FROM lake.{name}.visits")
    return name


@pytest.fixture
def lake(marketer, settings, trino_server, lake_schema):
    """Mia's database on the cluster."""
    settings.TRINO_URL, settings.TRINO_USER = trino_server.address, "console"
    settings.TRINO_PASSWORD = ""
    made = Database.objects.create(name="lake", owner=marketer, catalog="lake", schema=lake_schema)
    mirror(made)
    return made


@pytest.fixture
def own(marketer, lake, tmp_path):
    """Mia's own database, with the same visits in the console."""
    made = tables.create_database("own", marketer)
    tables.execute(
        f"CREATE TABLE visits AS {VISITS}",
        owner=marketer,
        database="own",
        output=tmp_path / "created",
    )
    return made


@pytest.fixture
def run(marketer, lake, tmp_path):
    """Run SQL as Mia. Return what it was, and its rows."""

    def run(sql, database="lake", **more):
        path = tmp_path / "result"
        found = tables.execute(
            sql, owner=marketer, database=database, output=path, scheduled_time=SLOT, **more
        )
        return found, pq.read_table(path)

    return run


def refused(run, sql, *database, **more):
    with pytest.raises(QueryError) as error:
        run(sql, *database, **more)
    return error.value
