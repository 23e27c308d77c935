"""The quickstart, started as a person starts it, in a home of its own."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.environment import web_processes
from console.models import Job
from console.quickstart import Refusal, landing, ports
from console.quickstart.family import processes
from console.quickstart.home import claimed
from integrations.formats import warm
from integrations.sandbox import faults
from tests.servers import free_port, wait_until

ROOT = Path(__file__).parent.parent.parent
LOG = "delivery_log"  # what was delivered stays told
LONGEST = 120  # seconds for a line to come
FILE = "sandbox/lapsed_gold_and_platinum.csv"
UPLOADED = """
    SELECT t.name, t.files FROM console_table t JOIN console_database d ON d.id = t.database_id
    WHERE d.name NOT LIKE 'cdp_audience_%'
"""
AUDIENCES = "SELECT owner_id, query_id FROM activations_parentsegment"


def start(home, *arguments):
    return subprocess.Popen(
        [sys.executable, "manage.py", "quickstart", *arguments],
        cwd=ROOT,
        env=os.environ | {"CONSOLE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def copied(home, to):
    """Copy a home, with all of its database in one file: those beside it may go meanwhile."""
    with closing(sqlite3.connect(home / "console.sqlite3")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return shutil.copytree(home, to, ignore=shutil.ignore_patterns("*.sqlite3-*"))


def finished(process):
    text, _ = process.communicate(timeout=120)
    return process.returncode, text


def until(process, word):
    """Read what the process says until a line with the word comes; end it where none does."""
    said, late = "", threading.Timer(LONGEST, process.terminate)
    late.start()
    try:
        for line in process.stdout:
            said += line
            if word in line:
                return said
    finally:
        late.cancel()
    raise AssertionError(said)


def of_home(home):
    """Return the numbers of all processes that were given this home."""
    return [relative.pid for relative, _ in processes() if str(home) in environ_of(relative.pid)]


def environ_of(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""  # It has ended, or is another user's.


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A home after `quickstart --once`, with its exit status and what it said."""
    home = tmp_path_factory.mktemp("quickstart") / "home"
    port = free_port()
    status, text = finished(start(home, "--once", "--port", str(port)))
    assert status == 0, text
    return home, port, text


def test_it_delivers_a_first_file_and_says_where_everything_is(first_run):
    home, port, text = first_run

    with (home / FILE).open(newline="") as file:
        header, *rows = csv.reader(file)

    assert header[:3] == ["td_client_id", "email", "first_name"]
    assert f"http://127.0.0.1:{port}/" in text
    assert "marketer / marketer" in text
    assert "admin / admin" in text
    assert str(home / FILE) in text
    assert re.search(rf"\b{len(rows)} rows, SHA-256 [0-9a-f]{{64}}\n", text)


def test_the_first_export_is_that_of_a_schedule(first_run):
    home, _, _ = first_run

    with sqlite3.connect(home / "console.sqlite3") as database:
        delivered = "SELECT status, schedule_id, slot FROM console_job WHERE receipt IS NOT NULL"
        jobs = database.execute(delivered).fetchall()
        cron = database.execute("SELECT cron FROM console_schedule").fetchall()

    assert cron == [("@daily",)]
    assert jobs[0][0] == "success"
    assert None not in jobs[0]


def test_it_leaves_no_process_behind(first_run):
    assert of_home(first_run[0]) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_until_it_is_stopped_and_then_stops_everything_within_two_seconds(
    first_run, number
):
    home, port, _ = first_run
    assert seconds_to_stop(home, port, number) < 2 * busy()

    with sqlite3.connect(home / "console.sqlite3") as database:
        [(owner, query)] = database.execute(AUDIENCES).fetchall()
        asked = "SELECT count(*) FROM console_job WHERE owner_id = ? AND query_id = ?"
        assert database.execute(asked, (owner, query)).fetchone() == (1,)


def busy():
    """Return among how many a processor is shared at present: other tests are at work too."""
    return max(1, os.getloadavg()[0] / os.cpu_count())


def seconds_to_stop(home, port, number):
    process = start(home, "--port", str(port))
    until(process, "Ctrl-C")
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/login/")
    assert connection.getresponse().status == 200
    connection.close()

    process.send_signal(number)
    began = time.monotonic()
    process.communicate(timeout=60)
    seconds = time.monotonic() - began

    assert process.returncode == 0
    assert of_home(home) == []
    return seconds


def test_while_it_runs_nobody_else_reaches_it_and_no_second_one_starts(first_run):
    home, port, _ = first_run
    process = start(home, "--port", str(port))
    until(process, "Ctrl-C")

    with socket.socket() as stranger:
        # Any address but the one it listens on; a server for all addresses would answer.
        reached = stranger.connect_ex(("127.0.0.2", port))
    second = finished(start(home, "--port", str(free_port())))
    process.terminate()
    process.communicate(timeout=10)

    assert reached != 0
    assert second[0] == 1
    assert second[1].startswith(f"A quickstart runs from {home} already, at http://127.0.0.1:")
    assert second[1].count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a process has loaded")
def test_workers_are_forked_with_what_jobs_need_and_nobody_else_loads_it(first_run):
    home, port, _ = first_run
    assert warm()
    process = start(home, "--port", str(port))
    until(process, "segments and activations")  # It asks the engine itself until then.

    programs = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in of_home(home)}
    loaded = {pid: Path(f"/proc/{pid}/maps").read_text() for pid in programs}
    arrow = {pid: "libarrow" in maps for pid, maps in loaded.items()}
    process.terminate()
    process.communicate(timeout=10)

    workers = [arrow[pid] for pid, program in programs.items() if "workers" in program]
    others = [arrow[pid] for pid, program in programs.items() if "console." in program]
    assert len(workers) >= 4  # the queue's own processes and two workers
    assert all(workers)
    assert all("libllvmlite" in loaded[pid] for pid in programs if "workers" in programs[pid])
    # The supervisor, and the web server: one process, or one that watches over some.
    number = web_processes()
    assert len(others) in ({2} if number == 1 else range(3, number + 3))  # the others come later
    assert not any(others)


def test_a_second_run_makes_nothing_again_and_rehearses_no_fault(first_run):
    home, port, _ = first_run
    faults.choose(home / "keys/sandbox" / faults.FILE_NAME, {"sftp": "rename"})
    (home / FILE).unlink()
    with sqlite3.connect(home / "console.sqlite3") as database:
        before = database.execute(UPLOADED).fetchall()

    status, text = finished(start(home, "--once", f"--port={port}"))

    with sqlite3.connect(home / "console.sqlite3") as database:
        assert database.execute(UPLOADED).fetchall() == before
    assert status == 0
    assert "demo data" not in text
    assert (home / FILE).exists()


def test_a_port_in_use_is_told_in_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        status, text = finished(start(tmp_path, "--once", "--port", str(port)))

    assert status == 1
    assert text.startswith(f"Port {port} is in use.")
    assert text.count("\n") == 1


@pytest.mark.parametrize("spelling", ["--home=/proc/nowhere", "--home /proc/nowhere"])
def test_a_home_that_cannot_be_written_is_told_in_one_sentence(tmp_path, spelling):
    status, text = finished(start(tmp_path, "--once", *spelling.split()))

    assert status == 1
    assert text.startswith("/proc/nowhere cannot hold the console's data")
    assert text.count("\n") == 1


def test_a_process_that_dies_at_the_start_is_named_with_its_log(first_run, tmp_path):
    home = copied(first_run[0], tmp_path / "home")
    shutil.rmtree(home / "sandbox")
    (home / "sandbox").touch()  # where the sandbox wants a folder

    status, text = finished(start(home, "--once", "--port", str(free_port())))

    assert status == 1
    [name] = re.findall("The (.*sandbox) ended with status 1", text)  # Two of them cannot start.
    log = home / f"logs/{name.replace(' ', '-')}.log"
    assert f"The whole story is in {log}." in text
    assert of_home(home) == []


def test_a_home_with_people_of_its_own_is_refused(tmp_path, settings, monkeypatch):
    settings.HOME = tmp_path
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", tmp_path / "console.sqlite3")
    with sqlite3.connect(tmp_path / "console.sqlite3") as database:
        database.execute("CREATE TABLE auth_user AS SELECT 1 AS id")

    with pytest.raises(Refusal, match="was not made by a quickstart"), claimed("http://x/"):
        pass


def test_a_database_of_the_settings_is_refused(tmp_path, settings, monkeypatch):
    settings.HOME = tmp_path
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", "console")  # as of an address

    with pytest.raises(Refusal, match="CONSOLE_DATABASE_URL names a database"), claimed("http://x"):
        pass


def test_a_port_is_claimed_and_zero_is_any_free_one():
    port = ports.any_free()

    assert ports.claim(port) == port
    assert ports.free(ports.claim(0))
    with pytest.raises(Refusal, match="99999 is no port: use a number from 1 to 65535"):
        ports.claim(99999)


def test_the_port_of_the_sandbox_is_kept_as_long_as_it_is_free(tmp_path):
    first = ports.kept(tmp_path / "port")

    assert ports.kept(tmp_path / "port") == first
    with socket.create_server(("127.0.0.1", first)):
        assert ports.kept(tmp_path / "port") != first


@pytest.fixture
def delivered(marketer, settings, tmp_path):
    """A job that delivered one row of two columns to a folder, as it should."""
    path = settings.RESULTS_DIR / "rows.parquet"
    pq.write_table(pa.table({"a": [1], "b": [2]}), path)
    content = b"a,b\r\n1,2\r\n"
    (tmp_path / "out.csv").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    file = {"path": "/out.csv", "bytes": len(content), "sha256": digest}
    return Job.objects.create(
        owner=marketer,
        database="demo",
        sql="",
        status=Job.Status.SUCCESS,
        result_path="rows.parquet",
        rows=1,
        receipt={"rows": 1, "files": [file]},
    )


def test_a_file_that_is_the_result_is_accepted(delivered, tmp_path):
    found = landing.landed(delivered, tmp_path)

    assert (found.path, found.rows) == (tmp_path / "out.csv", 1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is not there"),
        (b"a,b\r\n1,3\r\n", "is not the file that Job .* has a receipt for"),
        (b"a,b\r\n1,2\r\n1,2\r\n", "is not the file that Job .* has a receipt for"),
        (b"b,a\r\n1,2\r\n", "does not begin with the columns a, b"),
    ],
)
def test_a_file_that_is_not_the_result_is_refused(delivered, tmp_path, content, sentence):
    (tmp_path / "out.csv").unlink()
    if content:
        (tmp_path / "out.csv").write_bytes(content)

    with pytest.raises(Refusal, match=sentence):
        landing.landed(delivered, tmp_path)


def test_a_result_with_other_rows_than_the_file_is_refused(delivered, tmp_path, settings):
    pq.write_table(pa.table({"a": [1, 1], "b": [2, 2]}), settings.RESULTS_DIR / "rows.parquet")

    with pytest.raises(Refusal, match="has 1 rows, and the result of Job"):
        landing.landed(delivered, tmp_path)


def test_nothing_goes_on_when_the_quickstart_itself_is_killed(first_run):
    home, port, _ = first_run
    process = start(home, "--port", str(port))
    until(process, "Ctrl-C")

    process.kill()
    process.communicate(timeout=10)

    deadline = time.monotonic() + 10
    while of_home(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert of_home(home) == []


def test_the_demo_is_whole_soon_and_stays_away_once_it_is_removed(first_run, tmp_path):
    home = copied(first_run[0], tmp_path / "home")
    port = free_port()
    process = start(home, "--port", str(port))
    until(process, "segments and activations")  # made, or made before
    going_on = "SELECT count(*) FROM console_job WHERE ended_at IS NULL"
    with sqlite3.connect(home / "console.sqlite3") as database:
        wait_until(lambda: database.execute(going_on).fetchone() == (0,), 60)
    assert len([*(home / "sandbox/win_back").glob("*.csv")]) in (1, 2)  # The hour may turn.
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)

    gone = subprocess.run(
        [sys.executable, "manage.py", "demo", "--remove"],
        cwd=ROOT,
        env=os.environ | {"CONSOLE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    refused = finished(start(home, "--once", "--port", str(port)))
    process = start(home, "--port", str(port))
    said = until(process, "Ctrl-C")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)

    assert gone.stdout.startswith("The demo is removed."), gone.stderr
    assert refused[0] == 1 and refused[1].startswith("The demo was removed from this home")
    assert "Demo     removed" in said and "Landed" not in said
    with sqlite3.connect(home / "console.sqlite3") as database:
        for table in ("console_job", "console_query", f"console_database WHERE name <> {LOG!r}"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_td_delivers_to_the_sandbox_from_another_terminal(first_run):
    home, port, _ = first_run
    process = start(home, "--port", str(port))
    until(process, "Ctrl-C")
    result = json.dumps(
        {
            "type": "sftp_v2",
            "host": "127.0.0.1",
            "port": int((home / "sandbox.port").read_text()),
            "auth_method": "password",
            "username": "demo",
            "password": "demo",
            "path_prefix": "/from_td.csv",
        }
    )
    sql = "SELECT email FROM (VALUES ('test01@test.com')) tbl(email)"
    td = ["td", "query", "-a", "marketer", "-d", "demo", "--here", "--result", result, sql]

    ran = subprocess.run(
        [sys.executable, "manage.py", *td],
        cwd=ROOT,
        env=os.environ | {"CONSOLE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (home / "sandbox/from_td.csv").read_bytes() == b"email\r\ntest01@test.com\r\n"
