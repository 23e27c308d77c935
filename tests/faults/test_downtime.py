"""The real console while its own database is away or its key is another, or after days off."""

import json
import re
import tempfile
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.faults.line import Line, until
from tests.homes import Home
from tests.postgresql import Postgresql
from tests.servers import free_port

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")
SETUP = """\
from django.contrib.auth.models import User
from console import tables
tables.create_database("shop", User.objects.create_user("mia"))
"""
JOBS = """\
import json
import re
from console.models import Job
print(json.dumps([[job.status, job.attempt, job.error, str(job.slot)] +
    [line.text for line in job.lines.all()] for job in Job.objects.order_by("pk")]))
"""
SCHEDULED = """\
from datetime import datetime, timedelta
from django.utils import timezone
from django.contrib.auth.models import User
from console.models import Database, Query, Schedule
from console.schedules import schedule_query
shop, mia = Database.objects.get(name="shop"), User.objects.get(username="mia")
query = Query.objects.create(name="Hourly", database=shop, sql="SELECT 1", owner=mia)
hour = timezone.now().replace(minute=0, second=0, microsecond=0)
schedule_query(query, "0 * * * *", now=hour - timedelta(days=3))
"""
SQL = "SELECT x AS n FROM UNNEST(sequence(1, 100000)) t(x) ORDER BY x"
DATA = "".join(["n\r\n", *(f"{n}\r\n" for n in range(1, 100_001))]).encode()
TOKEN = "scrape-1"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
PATIENCE = 120


@pytest.fixture
def start(tmp_path):
    """A function that returns a console in a home of its own; it ends with the test."""
    homes = []

    def start(**environment):
        homes.append(Home(tmp_path / "home", **environment))
        homes[-1].folder.mkdir(exist_ok=True)
        return homes[-1]

    yield start
    for home in homes:
        home.close()


def installed(home):
    home.make_database()
    home.shell(SETUP)
    return home


@pytest.fixture
def postgresql():
    # Not in pytest's own folder, which is root's alone.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        server = Postgresql(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def line(sshd):
    line = Line(sshd)
    yield line
    line.close()


def submit(home, sshd, port):
    settings = {key: value for key, value in sshd.settings.items() if value != ""}
    place = {"type": "sftp_v2", "user_directory_is_root": True, "path_prefix": "/in/n.csv"}
    result = json.dumps(settings | place | {"port": port})
    done = home.td("query", "-d", "shop", SQL, "-r", result)
    assert done.returncode == 0, done.stdout + done.stderr


def jobs_of(home):
    """Return [status, attempt, error, slot, line of the log …] of each job."""
    return json.loads(home.shell(JOBS))


def have_ended(home, number=1):
    found = jobs_of(home)
    return len(found) == number and all(job[0] in ("success", "error") for job in found)


def assert_delivered(home, sshd):
    [job] = jobs_of(home)
    assert job[0] == "success", job
    assert [path.name for path in sshd.root.rglob("*") if path.is_file()] == ["n.csv"]
    assert (sshd.root / "in/n.csv").read_bytes() == DATA
    assert len([text for text in job[4:] if text.startswith("Delivered")]) == 1


@pytest.mark.needs("postgres")
def test_a_database_that_crashes_in_mid_upload_is_waited_for(start, postgresql, sshd, line):
    home = installed(start(CONSOLE_DATABASE_URL=postgresql.address))
    home.start_cluster()
    hold = line.hold(line.in_mid_upload)
    submit(home, sshd, line.port)
    hold.wait()

    postgresql.crash()
    hold.let_go()
    line.mend()
    until(lambda: len(DATA) in [path.stat().st_size for path in sshd.root.rglob("*")], PATIENCE)
    postgresql.start()

    until(lambda: have_ended(home), PATIENCE, 1)
    assert_delivered(home, sshd)
    assert "Failed to pull task" not in home.said()  # Else the workers would be ended soon after.


@pytest.mark.needs("postgres")
def test_a_cluster_that_starts_before_its_database_waits_for_it(start, postgresql, sshd):
    home = installed(start(CONSOLE_DATABASE_URL=postgresql.address))
    submit(home, sshd, sshd.port)
    postgresql.crash()

    home.start("cluster")
    until(lambda: "The queue of workers ended" in home.said(), PATIENCE, 0.1)
    postgresql.start()

    until(lambda: have_ended(home), PATIENCE, 1)
    assert_delivered(home, sshd)


@pytest.mark.needs("postgres")
def test_pages_say_so_while_the_database_is_away(start, postgresql):
    given = {"CONSOLE_METRICS_TOKEN": TOKEN}
    home = installed(start(CONSOLE_DATABASE_URL=postgresql.address, **given))
    address = f"127.0.0.1:{free_port()}"
    home.start("web", "--listen", address)
    until(lambda: answer(address)[0] == 200, PATIENCE, 0.1)

    postgresql.crash()
    status, page, headers = answer(address)

    assert status == 503
    assert "The database cannot be reached" in page
    assert "Traceback" not in page
    assert headers["Retry-After"] == "30"
    postgresql.start()
    assert answer(address)[0] == 200


def answer(address):
    """Return what a page that looks at the database answers, or 0 where nobody does."""
    try:
        with urlopen(Request(f"http://{address}/metrics", headers=SHOWN)) as found:
            return found.status, found.read().decode(), found.headers
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers
    except OSError:
        return 0, "", {}


def test_after_three_days_off_the_latest_slot_alone_runs(start):
    home = installed(start())
    home.shell(SCHEDULED)

    home.start_cluster()

    until(lambda: have_ended(home), PATIENCE, 1)
    [[status, attempt, _, slot, told, *_]] = jobs_of(home)
    assert (status, attempt) == ("success", 1)
    # One more where an hour begins meanwhile.
    assert re.fullmatch(r"This is the latest slot; 7[12] before it were missed and .*", told)
    assert slot.endswith(":00:00+00:00")


def test_jobs_that_wait_while_the_secret_key_is_changed_are_run(start, sshd):
    home = installed(start(CONSOLE_SECRET_KEY="the-first-key-of-this-server-" * 2))
    submit(home, sshd, sshd.port)

    home.environment["CONSOLE_SECRET_KEY"] = "another-key-of-this-server-" * 2
    home.start_cluster()

    until(lambda: have_ended(home), PATIENCE, 1)
    assert_delivered(home, sshd)
