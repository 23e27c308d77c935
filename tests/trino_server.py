"""A Trino server on a free port of 127.0.0.1, with tables in its memory.

The fixture `trino_server` is one for the whole run. A test that stops its server makes a `Trino` of
its own.
"""

import fcntl
import hashlib
import json
import os
import select
import shutil
import subprocess
import sys
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.needs import REASON, TRINO, find, strict
from tests.servers import free_port, wait_until

ROOT = Path(__file__).parents[1]
LOCK = TRINO.with_name(f"{TRINO.name}.lock")
VERSION = TRINO.name.removeprefix("trino-")
ARTIFACTS = {
    f"trino-server-core-{VERSION}.tar.gz": f"io.trino:trino-server-core:{VERSION}:tar.gz",
    f"trino-memory-{VERSION}.zip": f"io.trino:trino-memory:{VERSION}:zip",
}
CATALOGS = ("memory", "lake")
USER = "console"
STARTED = "SERVER STARTED"
START_SECONDS, ANSWER_SECONDS = 120, 60
HEAP = ["-Xmx700M", "-XX:+UseSerialGC"]
# The second lets Trino guess how large objects are: to measure it takes a second of the start.
QUICK = ["-XX:TieredStopAtLevel=1", "-Djol.skipDynamicAttach=true"]
FIRST_STEPS = [
    "CREATE TABLE memory.default.steps AS SELECT 1 AS one",
    "SELECT count(*) FROM memory.default.steps GROUP BY one ORDER BY one",
    "SELECT table_name FROM memory.information_schema.columns",
]
# Catalogs are dynamic, or the first statements may find no node that has announced them yet. A busy
# machine may answer the detector of failures late, which then takes the only node away.
CONFIG = """\
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
query.max-memory=300MB
query.max-memory-per-node=200MB
memory.heap-headroom-per-node=100MB
catalog.management=dynamic
failure-detector.enabled=false
"""
WITHOUT_PROXY = build_opener(ProxyHandler({}))
GUARDS = []  # Kept, for a process that is forgotten while it runs is warned of.


class Missing(Exception):
    """Maven cannot get the server's files."""


@contextmanager
def alone(path):
    """Hold a lock on the file while the block runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def installed():
    """Return the folder of the server's files, the same for all tests of this machine."""
    if not TRINO.is_dir():
        with alone(LOCK):
            if not TRINO.is_dir():
                unpack(TRINO.with_name(f"{TRINO.name}.part"))
    return TRINO


def unpack(part):
    """Make the folder beside its place, of which nobody shall see a half."""
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    server, memory = (download(artifact, name) for name, artifact in ARTIFACTS.items())
    subprocess.run(["tar", "-xzf", server, "-C", part, "--strip-components=1"], check=True)
    # Each start would load all plugins. Tests need one that comes by itself.
    shutil.rmtree(part / "plugin")
    with zipfile.ZipFile(memory) as archive:
        archive.extractall(part / "plugin")
    (part / "plugin" / f"trino-memory-{VERSION}").rename(part / "plugin/memory")
    part.rename(TRINO)


def loaded():
    """Return a file of the classes that the server loads, which spares a third of its start.

    It is made once for each Java of this machine.
    """
    release = Path(find("trino")).parents[1] / "release"
    version = hashlib.sha256(release.read_bytes()).hexdigest()[:8]
    path = installed().with_name(f"{TRINO.name}-{version}.jsa")
    if not path.exists():
        with alone(LOCK):
            if not path.exists():
                load(path)
    return path


def load(path):
    """Have a server's Java write down what it has loaded, at its end."""
    part = path.with_suffix(".part")
    java = Path(find("trino"))
    if not (java.parents[1] / "lib/server/classes.jsa").exists():  # what it starts from
        subprocess.run([java, "-Xshare:dump"], capture_output=True, check=True)
    with TemporaryDirectory() as folder:
        server = Trino(Path(folder))
        try:
            server.start(f"-XX:ArchiveClassesAtExit={part}")
            for sql in FIRST_STEPS:
                server.run(sql)
            server.stop()
        finally:
            server.kill()
    part.rename(path)


def download(artifact, name):
    """Return the artifact's file in Maven's repository, fetched if it is not there."""
    group, module, version, _ = artifact.split(":")
    path = Path.home() / ".m2/repository" / group.replace(".", "/") / module / version / name
    if not path.is_file():
        command = ["mvn", "-q", "-B", "dependency:get", f"-Dartifact={artifact}"]
        command += ["-Dtransitive=false", f"-Dmaven.repo.local={Path.home()}/.m2/repository"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing((done.stdout.strip() or done.stderr.strip()).partition("\n")[0])
    return path


class Server:
    """A server as those see it who ask it."""

    def __init__(self, port):
        self.port = port

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def run(self, sql) -> list[list]:
        """Return the statement's rows, once it has ended."""
        said = ask(Request(f"{self.address}/v1/statement", sql.encode(), {"X-Trino-User": USER}))
        rows = said.get("data", [])
        while following := said.get("nextUri"):
            said = ask(following)
            rows += said.get("data", [])
        assert "error" not in said, said["error"]["message"]
        return rows


def ask(request):
    with WITHOUT_PROXY.open(request, timeout=ANSWER_SECONDS) as answer:
        return json.load(answer)


class Trino(Server):
    """A server of a test's own, with its folder. Its files are shared, and only read."""

    def __init__(self, folder: Path):
        super().__init__(free_port())
        self.folder, self.log = folder, folder / "log"
        self.process = None
        self.make()

    def make(self):
        catalogs = self.folder / "etc/catalog"
        catalogs.mkdir(parents=True)
        (self.folder / "etc/config.properties").write_text(CONFIG.format(port=self.port))
        for name in CATALOGS:
            (catalogs / f"{name}.properties").write_text("connector.name=memory\n")
        (self.folder / "plugin").symlink_to(installed() / "plugin")

    def command(self, *more):
        """Return what starts the server in its folder, with more options of Java."""
        node = {"environment": "test", "id": "one", "data-dir": self.folder}
        node |= {"bind-ip": "127.0.0.1", "internal-address": "127.0.0.1"}
        options = [*HEAP, *QUICK, *more, "-Dconfig=etc/config.properties"]
        options += [f"-Dnode.{name}={value}" for name, value in node.items()]
        java = [find("trino"), "-cp", f"{installed()}/lib/*", *options]
        return ["setpriv", "--pdeathsig", "KILL", *java, "io.trino.server.TrinoServer"]

    def start(self, *options):
        command = self.command(*(options or [f"-XX:SharedArchiveFile={loaded()}"]))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        try:
            wait_until(self.answers, START_SECONDS)
        except BaseException:
            self.kill()
            raise

    def answers(self):
        """Tell whether a query gets its rows: the server listens before it has found itself."""
        assert self.process.poll() is None, self.log.read_text()
        if STARTED not in self.log.read_text():
            return False
        with suppress(OSError, AssertionError):
            return self.run("SELECT 1") == [[1]]
        return False

    def stop(self):
        """Stop in order."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(START_SECONDS)

    def kill(self):
        """Stop at once, without a word to those who are connected."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


@pytest.fixture(scope="session")
def trino_server(tmp_path_factory):
    """One server for all processes of the run. Mark the test with needs("trino").

    Tests of other processes use it at the same time: make tables under names of your own.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with alone(folder / "trino.lock"):
        return Server(port_of_the_run(folder / "trino"))


def port_of_the_run(folder):
    """Return the port of the run's server, started here if it is the first who asks."""
    port = folder / "port"
    if not port.exists():
        have_files()
        shutil.rmtree(folder, ignore_errors=True)  # of a start that failed
        folder.mkdir()
        guard = start_guard(folder)
        wait_until(lambda: port.exists() or guard.poll() is not None, START_SECONDS + 30)
        assert port.exists(), (folder / "guard.log").read_text()
    return int(port.read_text())


def have_files():
    try:
        loaded()
    except Missing:
        if strict():
            raise
        pytest.skip(f"{REASON}trino")


def start_guard(folder):
    """Start a process that has the server for as long as the run's first process lives.

    The worker that needs the server first may be the first that has nothing left to do.
    """
    run = os.pidfd_open(os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid())
    try:
        with (folder / "guard.log").open("wb") as log:
            command = [sys.executable, "-m", "tests.trino_server", str(folder), str(run)]
            guard = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=ROOT, pass_fds=[run], start_new_session=True
            )
    finally:
        os.close(run)
    GUARDS.append(guard)
    return guard


def keep(folder, run):
    """Run a server until the process is gone, of which the number is a file descriptor."""
    server = Trino(folder)
    server.start()
    unfinished = folder / "port.part"
    unfinished.write_text(str(server.port))
    unfinished.rename(folder / "port")
    select.select([run], [], [])
    server.kill()


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))
