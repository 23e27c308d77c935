"""A database with two tables, a saved query and an authentication, as most pages need them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console import jobs, tables
from console.models import Query
from console.queries.saving import save
from integrations.models import Authentication

PEOPLE = pa.table({"id": [1, 2], "name": ["ann", "bob"], "email": ["a@example.com", None]})
ORDERS = pa.table({"order_id": [1], "amount": [2.5]})
TYPES = {"int64": "bigint", "string": "varchar", "double": "double"}
PASSWORD = "open-sesame-1"


@pytest.fixture
def shop(marketer, settings):
    """Mia's database with people and orders."""
    database = tables.create_database("shop", marketer)
    for name, rows in {"people": PEOPLE, "orders": ORDERS}.items():
        path = settings.TABLES_DIR / f"{name}.parquet"
        pq.write_table(rows, path)
        columns = [(field.name, TYPES[str(field.type)]) for field in rows.schema]
        tables.create_from(database, name, path, columns)
    return database


@pytest.fixture
def people(shop, marketer):
    """Mia's saved query over people."""
    sql = "SELECT id, name\nFROM people\nORDER BY id"
    return save(Query(name="People", database=shop, sql=sql, owner=marketer), by=marketer)


@pytest.fixture
def sftp(marketer):
    """Mia's authentication. Its server does not exist: nothing here connects."""
    authentication = Authentication(name="Rokt drop", type="sftp_v2", owner=marketer)
    authentication.settings = {
        "host": "sftp.example.com",
        "port": 22,
        "username": "mia",
        "auth_method": "password",
        "password": PASSWORD,
        "max_connection_retry": 10,
        "timeout": 600,
    }
    authentication.save()
    return authentication


@pytest.fixture
def run_query():
    """Run a saved query in this process, and return its job."""

    def run(query):
        job = jobs.submit_query(query)
        jobs.run(job.pk)
        job.refresh_from_db()
        return job

    return run
