"""Databases whose tables are on a Trino cluster, real or out of reach."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from console import tables
from console.engines import cluster
from console.models import Table
from tests.servers import free_port

LIST, ADMIN = "/workbench/databases/", "/admin/console/database/"
WITH_TRINO = pytest.mark.needs("trino")


@pytest.fixture
def far(marketer):
    """Mia's database of the cluster, as it was seen three minutes ago; it is shared with nobody."""
    seen = {"catalog": "lake", "schema": "sales", "everyone_reads": False}
    seen["looked_at"] = timezone.now() - timedelta(minutes=3)
    database = tables.create_database("far", marketer, **seen)
    columns = [["id", "bigint"], ["price", "decimal(10,2)"]]
    Table.objects.create(database=database, name="fruit", columns=columns)
    return database


@pytest.fixture
def out_of_reach(settings, monkeypatch):
    """A cluster is set up, and nobody listens there."""
    monkeypatch.setattr(cluster, "LOOK_PATIENCE", 0)
    settings.TRINO_URL = f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def schema(trino_server, settings):
    """A schema of the test's own, on the cluster of the settings. Call it with what to run."""
    settings.TRINO_URL = trino_server.address
    name = f"of_test_{uuid4().hex[:12]}"
    trino_server.run(f"CREATE SCHEMA memory.{name}")

    def run(sql):
        return trino_server.run(sql.replace("SCHEMA", f"memory.{name}"))

    run.name = name
    return run


@pytest.fixture
def near(schema, marketer):
    """Mia's database of the schema; nobody has looked yet."""
    return tables.create_database("near", marketer, catalog="memory", schema=schema.name)


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


@pytest.fixture
def ada(client, keeper):
    client.force_login(keeper)
    return client


def page(client, path=""):
    return client.get(f"{LIST}{path}").content.decode()


def main_of(text):
    return text.split("<main")[1]


def columns_of(database):
    return dict(database.tables.values_list("name", "columns"))
