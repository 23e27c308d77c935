"""The drill: a console that works is backed up, wiped, restored elsewhere, and compared."""

import json
import os
import shutil
import signal
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from console.demo import queries as demo
from tests.churn import churned, churning
from tests.faults.deliveries import DATA, SQL
from tests.faults.line import Line
from tests.faults.processes import descendants, queries
from tests.homes import ROOT
from tests.installation import Installation
from tests.postgresql import Postgresql
from tests.servers import wait_until

LAPSED = demo.LAPSED.name
SLOW = (
    "SELECT count(*) AS n FROM UNNEST(sequence(1, 20000)) a(x) "
    "CROSS JOIN UNNEST(sequence(1, 20000)) b(y) WHERE (x * y) % 7 = 3"
)
SETUP = f"""\
from django.contrib.auth.models import User
from console import demo, tables
from console.models import Database, Job, Query
from console.schedules import schedule_query
lapsed = demo.make(demo.Sandbox(PORT, "demo", "demo"))
Job.objects.all().delete()  # those that the demo made up
tables.create_database("shop", lapsed.owner)
big = Query.objects.create(name="Big", database=Database.objects.get(name="shop"), sql={SQL!r},
                           owner=lapsed.owner, authentication=lapsed.authentication,
                           export=lapsed.export | {{"path_prefix": "big.csv", "newline": "LF"}})
schedule_query(big, "@daily")
"""
DUE = """\
from datetime import timedelta
from django.utils import timezone
from console.models import Schedule
now = timezone.now().replace(microsecond=0)
Schedule.objects.filter(query__name="NAME").update(next_slot=now - timedelta(minutes=1))
"""
SUBMIT_SLOW = f"""\
from django.contrib.auth.models import User
from console import jobs
jobs.submit({SLOW!r}, name="Slow", database="shop", owner=User.objects.get(username="marketer"))
"""
STATE = """\
import hashlib, json
from console import tables
from console.models import Job, Query, Schedule, Table
from integrations.models import Authentication
kept = Table.objects.exclude(name="churn").select_related("database")
print(json.dumps({
    "tables": {str(table): [hashlib.sha256(path.read_bytes()).hexdigest()
                            for path in tables.paths(table)] for table in kept},
    "queries": sorted(Query.objects.values_list("name", "sql", "version", "schedule__cron")),
    "credentials": [each.settings for each in Authentication.objects.all()],
    "jobs": {job.pk: [job.name, job.status, str(job.slot), job.held_because, job.receipt]
             for job in Job.objects.order_by("pk")},
    "active": Schedule.objects.filter(paused_at=None).count(),
}))
"""
CHECK = """\
from pathlib import Path
from django.conf import settings
from console.models import Job
from integrations import receipts
from integrations.receipts.content import check_file
key = receipts.private_key(settings.RECEIPT_KEY).public_key()
for job in Job.objects.filter(receipt__isnull=False):
    receipt = receipts.genuine(receipts.printed(job.receipt), key)
    check_file(Path("ROOT") / receipt["files"][0]["path"].lstrip("/"), receipt)
    print("genuine")
"""
LEASES = """\
from datetime import timedelta
from django.utils import timezone
from console.models import Job
ended = timezone.now() - timedelta(seconds=1)
Job.objects.filter(status="running").update(lease_until=ended)
"""
RELEASE = """\
from django.contrib.auth.models import User
from console import jobs
from console.models import Job
assert jobs.release(Job.objects.get(name="Big"), User.objects.get(username="marketer"))
"""


@pytest.fixture
def postgresql():
    """The address of an empty database, on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        server = Postgresql(Path(folder))
        server.start()
        yield server.address
        server.stop()


SERVERS = [pytest.param("postgresql", marks=pytest.mark.needs("postgres"))]


@pytest.fixture(params=["sqlite", *SERVERS * bool(os.environ.get("CONSOLE_TESTS_SOAK"))])
def database(request):
    """A function that returns the settings of an empty database."""
    if request.param == "sqlite":
        return lambda name: {}
    server = request.getfixturevalue("postgresql")

    def made(name):
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return {"CONSOLE_DATABASE_URL": urlsplit(server)._replace(path=f"/{name}").geturl()}

    return made


@pytest.fixture
def line(sandbox):
    line = Line(sandbox)
    yield line
    line.close()


@pytest.fixture
def install(tmp_path, database):
    """A function that returns a new home with a database of its own."""
    made = []

    def install(name):
        made.append(Installation(tmp_path / name, CONSOLE_WORKERS="3", **database(name)))
        return made[-1]

    yield install
    for console in made:
        console.close()


def state(console):
    return json.loads(console.shell(STATE))


def jobs(console, name):
    return [job for job in state(console)["jobs"].values() if job[0] == name]


def stop_query(cluster):
    """Let the process of the query that runs sleep, so that it runs for as long as is needed."""

    for pid in wait_until(lambda: queries(cluster.pid), 60):
        os.kill(pid, signal.SIGSTOP)


def wipe(console, cluster):
    """Let the machine be lost, with all that it did not back up."""
    family = [cluster.pid, *descendants(cluster.pid)]
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    cluster.wait()
    shutil.rmtree(console.folder)


def in_mid_run(console, line):
    """Let one job have delivered, one be in mid-upload, one in its query. Return the cluster."""
    cluster = console.start_cluster()
    console.shell(DUE.replace("NAME", LAPSED))
    wait_until(lambda: delivered(console, LAPSED) == 1, 120)
    line.sent = 0
    hold = line.hold(line.in_mid_upload)
    console.shell(DUE.replace("NAME", "Big"))
    hold.wait(120)
    console.shell(SUBMIT_SLOW)
    stop_query(cluster)
    return cluster


def delivered(console, name):
    return [job[1] for job in jobs(console, name)].count("success")


def check_same(before, after):
    """Assert that nothing is missing, other than it was, or started by itself."""
    for part in ("tables", "queries", "credentials"):
        assert after[part] == before[part]
    assert len(before["tables"]) >= 7
    assert after["jobs"].keys() == before["jobs"].keys()
    ended = [key for key, job in before["jobs"].items() if job[1] == "success"]
    assert ended and all(after["jobs"][key] == before["jobs"][key] for key in ended)
    assert (before["active"], after["active"]) == (2, 0)


def check_held(console, root):
    """Assert that the export in mid-upload waits for a person, and then is sent once."""
    [big] = jobs(console, "Big")
    assert big[1] == "queued" and "may have been delivered since then" in big[3]
    assert not (root / "big.csv").exists()
    console.shell(RELEASE)
    wait_until(lambda: delivered(console, "Big") == 1, 120)
    assert (root / "big.csv").read_bytes() == DATA
    checked = console.shell(CHECK.replace("ROOT", str(root)))
    assert checked.split() == ["genuine", "genuine"]


def test_a_console_that_works_is_backed_up_wiped_and_restored(install, sandbox, line, tmp_path):
    old, backup = install("old"), tmp_path / "console.tar.gz"
    old.done("migrate", "-v0")
    old.shell(SETUP.replace("PORT", str(line.port)))
    cluster = in_mid_run(old, line)
    with churning(old):
        before = state(old)
        old.done("backup", backup)
    line.mend()
    old.shell(DUE.replace("NAME", LAPSED))  # a slot that the backup knows nothing of
    wait_until(lambda: delivered(old, LAPSED) == 2, 120)
    shutil.copytree(old.folder / "keys", tmp_path / "keys")
    wipe(old, cluster)

    new = install("new")
    shutil.copytree(tmp_path / "keys", new.folder / "keys")
    said = new.done("restore", backup)
    new.shell(LEASES)
    new.start_cluster()

    assert "2 schedules are paused and 1 exports held" in said
    wait_until(lambda: delivered(new, "Slow") == 1, 240)
    check_same(before, state(new))
    assert churned(new) > 0
    assert "Opened 3 of 3 authentications" in new.done("check_secrets")
    check_held(new, sandbox.root)


MOVE = [
    *["--natural-foreign", "--exclude", "contenttypes", "--exclude", "auth.permission"],
    *["--exclude", "sessions", "--exclude", "django_q"],
]


@pytest.mark.needs("postgres")
def test_a_console_moves_to_postgresql_as_documented(postgresql, tmp_path):
    text = (ROOT / "docs/operations.md").read_text()
    assert f"dumpdata {' '.join(MOVE)} --output /var/lib/console/move.json" in text
    old = Installation(tmp_path / "home")
    old.done("migrate", "-v0")
    old.shell(SETUP.replace("PORT", "22"))
    old.shell(SUBMIT_SLOW)
    before = state(old)
    old.done("dumpdata", *MOVE, "--output", tmp_path / "move.json")

    new = Installation(old.folder, CONSOLE_DATABASE_URL=postgresql)
    new.done("migrate", "-v0")
    new.done("loaddata", tmp_path / "move.json")

    assert state(new) == before
    assert "Opened 3 of 3 authentications" in new.done("check_secrets")
    new.shell(SUBMIT_SLOW)  # Numbers go on behind those that came along.
    assert "1 sent again" in new.done("tick")  # a message for the job that came along
