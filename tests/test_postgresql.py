"""What runs unattended does so on PostgreSQL too: its tests again, on a server of their own."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.needs import find
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.needs("postgres")
ROOT = Path(__file__).parent.parent
FILES = [
    *["jobs", "job_places", "job_recovery", "job_guard", "job_kill", "jobs_pages"],
    *["tick", "tick_dispatcher", "schedules_policies", "schedules_slots", "schedule_dialog"],
    *["triggers", "trigger_chains", "trigger_pages"],
    *["notifications", "simulator", "home", "tables", "queries", "admin"],
]
PASSWORD = "pass:word/1"


@pytest.fixture
def server():
    """A PostgreSQL server with a user of the tests. Return the address of its database."""
    # Not in pytest's own folder, which is root's alone: the programs refuse to be run by root.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        yield from serving(Path(folder))


def serving(folder):
    port, log = free_port(), folder / "log"
    (folder / "password").write_text(PASSWORD)
    if as_who := ["setpriv", "--reuid=nobody", "--clear-groups"] if os.geteuid() == 0 else []:
        shutil.chown(folder, "nobody")
        shutil.chown(folder / "password", "nobody")
    binaries, data = Path(find("postgres")).resolve().parent, folder / "data"
    made = [*as_who, binaries / "initdb", "-D", data, "-U", "console", "--no-sync"]
    made += ["-A", "scram-sha-256", "--pwfile", folder / "password"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder)
    command = [*as_who, binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as errors:
        process = subprocess.Popen([*command, "-k", "", "-F"], stderr=errors, cwd=folder)
    try:
        ready = "ready to accept connections"
        wait_until(lambda: ready in log.read_text() or process.poll() is not None, 30)
        assert process.poll() is None, log.read_text()
        yield f"postgresql://console:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(30)


def test_what_runs_unattended_runs_on_postgresql(server):
    files = [f"tests/console/test_{name}.py" for name in FILES]
    environ = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    environ["CONSOLE_TESTS_DATABASE_URL"] = server

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
