"""The cast: a real server, a line to it that can fail, jobs, and workers that can die."""

import os
from pathlib import Path

import pytest
from django.db import connection

from console import jobs
from console.models import Database
from integrations.connectors import CONNECTORS, retry
from integrations.models import Authentication
from tests.activations.parents import crm, parent  # noqa: F401  fixtures
from tests.faults.batches import send  # noqa: F401  a fixture
from tests.faults.deliveries import SQL, Drop
from tests.faults.line import Line
from tests.faults.processes import Cluster, Worker
from tests.integrations.clevertap import account  # noqa: F401  a fixture
from tests.integrations.exports import connector, content, many, stored  # noqa: F401  a fixture
from tests.servers import local_delivery

SFTP = CONNECTORS["sftp_v2"]


@pytest.fixture(autouse=True)
def _near(settings):
    """Exports may reach this machine."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def impatient(monkeypatch):
    """Retries of this process come soon after each other."""
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.01)


@pytest.fixture
def server(sshd):
    """Where files go. The line leads to it."""
    return sshd


@pytest.fixture
def line(server):
    line = Line(server)
    yield line
    line.close()


@pytest.fixture
def authentication(server, line, marketer):
    authentication = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    authentication.settings = server.settings | {"port": line.port}
    authentication.save()
    return authentication


@pytest.fixture
def reach(authentication):
    """A function that changes what the authentication says."""

    def change(**fields):
        authentication.replace_settings(authentication.settings | fields)
        authentication.save()

    return change


@pytest.fixture
def database(marketer):
    return Database.objects.create(name="shop", owner=marketer)


@pytest.fixture
def exports():
    """A function that returns the settings of an export to a path."""

    def exports(path, **settings):
        given = {"path_prefix": path, "user_directory_is_root": True, "newline": "LF"} | settings
        form = SFTP.Export.from_json(given)
        assert form.is_valid(), form.errors
        return form.cleaned_data

    return exports


@pytest.fixture
def submit(authentication, database, marketer, exports):
    """A function that submits a job with an export to in/people.csv."""

    def submit(sql=SQL, *, attempts=1, path="/in/people.csv", **settings):
        more = {"owner": marketer, "authentication": authentication, "attempts": attempts}
        return jobs.submit(sql, database="shop", export=exports(path, **settings), **more)

    return submit


@pytest.fixture
def shared_home(home):
    """The test's home, where other processes find its database and its keys."""
    if connection.vendor == "sqlite":
        (home / "console.sqlite3").symlink_to(connection.settings_dict["NAME"])
    (home / "keys").symlink_to(keys())
    return home


@pytest.fixture
def start(shared_home):
    """A function that starts a worker process for a job; what is left of it ends with the test."""
    workers = []

    def start(job, *steps, program=Worker):
        workers.append(program(shared_home, job, *steps))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


@pytest.fixture
def start_cluster(shared_home):
    """A function that starts workers and dispatcher; all of them end with the test."""
    clusters = []

    def start(drain=30, workers=2):
        clusters.append(Cluster(shared_home, drain, workers=workers))
        return clusters[-1]

    yield start
    for cluster in clusters:
        cluster.close()


def keys():
    """Return the folder of the keys that this session's authentications are locked with."""
    return Path(os.environ["CONSOLE_HOME"]) / "keys"


@pytest.fixture
def drop(server):
    return Drop(server)


@pytest.fixture(scope="session")
def rows(tmp_path_factory):
    """About 1 MB as CSV."""
    numbers = range(15_000)
    folder = tmp_path_factory.mktemp("rows")
    return stored(folder / "rows.parquet", id=list(numbers), text=[f"{n:.>60}" for n in numbers])


@pytest.fixture(scope="session")
def data(rows):
    return content(rows)


@pytest.fixture
def exporter(server, line):
    """A function that returns what exports over the line."""

    def exporter(path="in/people.csv", **settings):
        given = {"port": line.port, "rename_file_after_upload": True} | settings
        return connector(server, path, **given)

    return exporter


@pytest.fixture
def export(exporter, rows):
    """A function that exports the rows over the line. Return the receipt."""

    def export(delivery=None, **settings):
        return exporter(**settings).export(rows, delivery or local_delivery())

    return export
