"""Children are forked from one process: each is asked one thing, and none outlives who asked."""

import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from console.engines import QueryError, forking, get_engine, sandbox, starting
from tests.faults.processes import alive, queries
from tests.servers import wait_until

ENDLESS = "SELECT count(*) AS n FROM range(1000000000000) AS t(n) WHERE n % 7 = 3"
MINE = "SELECT random() AS number, CAST(uuid() AS VARCHAR) AS name"


def answer(sql, **more):
    engine = get_engine("duckdb")
    statement = engine.plan(sql, database="demo", tables={"demo": {}})
    with tempfile.TemporaryDirectory() as folder:
        engine.execute(statement, Path(folder, "output.parquet"), **more)
        return pq.read_table(Path(folder, "output.parquet")).to_pylist()


@pytest.fixture
def server():
    """A server that has forked a first child."""
    starting.end()
    assert answer("SELECT 1 AS n") == [{"n": 1}]
    return starting.server


@pytest.fixture
def endless(server):
    """A function that begins a query without end, and gives its process and what ends it."""
    over = threading.Event()
    with ThreadPoolExecutor(8) as threads, ExitStack() as stack:
        stack.callback(over.set)

        def endless():
            before = set(queries(os.getpid()))
            ending = threads.submit(answer, ENDLESS, stopped=over.is_set)
            [child] = wait_until(lambda: set(queries(os.getpid())) - before)
            return child, ending

        yield endless


def test_one_server_forks_all_children_and_keeps_none(server):
    assert answer("SELECT 2 AS n") == [{"n": 2}]

    assert starting.server is server and server.process.poll() is None
    assert queries(os.getpid()) == []


def test_what_is_random_differs_from_child_to_child(server):
    found = [answer(MINE)[0] for _ in range(3)]

    assert len({each["number"] for each in found}) == len({each["name"] for each in found}) == 3


def test_a_query_that_fails_leaves_the_server(server):
    with pytest.raises(QueryError, match="no column"):
        answer("SELECT missing FROM (VALUES (1)) AS t(n)")

    assert answer("SELECT 3 AS n") == [{"n": 3}] and starting.server is server


def test_many_are_answered_at_once(server):
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: answer(f"SELECT {n} AS n"), range(24)))

    assert found == [[{"n": n}] for n in range(24)]
    assert starting.server is server and queries(os.getpid()) == []


def test_one_is_stopped_while_others_go_on(endless):
    (first, ending), (second, other) = endless(), endless()

    os.kill(first, signal.SIGKILL)

    with pytest.raises(QueryError, match="more memory than"):
        ending.result(20)
    assert alive(second) and not other.done()


def test_a_child_leads_a_session_of_its_own(endless):
    child, _ = endless()

    assert os.getpgid(child) == os.getsid(child) == child


def test_the_server_has_read_nothing_and_has_one_thread(server):
    of = Path(f"/proc/{server.process.pid}")

    assert (of / "environ").read_text() == "".join(
        f"{name}={value}\0" for name, value in starting.ENVIRONMENT.items()
    )
    assert len(list((of / "task").iterdir())) == 1
    assert not [file for file in (of / "fd").iterdir() if file.readlink().suffix == ".parquet"]


def test_a_child_holds_nothing_of_the_server(endless):
    endless()
    child, _ = endless()
    held = [str(file.readlink()) for file in Path(f"/proc/{child}/fd").iterdir()]

    assert [name for name in held if name.startswith(("socket:", "anon_inode:"))] == []


def test_where_the_server_was_killed_its_children_end_and_the_next_starts_another(endless):
    child, ending = endless()
    starting.server.process.kill()

    with pytest.raises(RuntimeError, match="was cut off"):
        ending.result(20)
    wait_until(lambda: not alive(child))
    assert answer("SELECT 4 AS n") == [{"n": 4}]


def test_a_server_that_nobody_asks_ends_and_leaves_nothing(monkeypatch):
    starting.end()
    monkeypatch.setattr(starting, "IDLE_SECONDS", 0.05)
    answer("SELECT 5 AS n")
    gone = starting.server.process

    wait_until(lambda: gone.returncode == 0)

    assert not Path(f"/proc/{gone.pid}").exists()
    assert answer("SELECT 6 AS n") == [{"n": 6}] and starting.server.process is not gone
    starting.end()


def test_a_server_that_hangs_is_not_waited_for_without_end(server, monkeypatch):
    monkeypatch.setattr(starting, "ANSWER_SECONDS", 5)
    os.kill(server.process.pid, signal.SIGSTOP)

    assert answer("SELECT 7 AS n") == [{"n": 7}]
    assert server.process.returncode == -signal.SIGKILL


def test_one_that_cannot_start_says_why(monkeypatch, tmp_path):
    starting.end()
    monkeypatch.setattr(starting, "ROOT", tmp_path)

    with pytest.raises(RuntimeError, match=r"does not start: [^$]*No module named"):
        answer("SELECT 8 AS n")
    assert starting.server is None


def test_a_fork_that_is_refused_is_told(monkeypatch):
    def refuse():
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    monkeypatch.setattr(os, "fork", refuse)
    forks = forking.Forks(theirs, None)
    with ours, closing(forks), tempfile.TemporaryFile() as said, ThreadPoolExecutor(1) as threads:
        child = starting.Child(said)
        told = threads.submit(child.begin, ours, Path("/a/path"))

        assert forks.fork()
        with pytest.raises(BlockingIOError, match="temporarily unavailable"):
            told.result(20)
        child.close()


def test_a_process_with_threads_is_not_locked_down():
    code = """
import threading
from console.engines import sandbox
threading.Thread(target=threading.Event().wait, daemon=True).start()
sandbox.confine([], [])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=starting.ROOT, check=False
    )

    assert done.returncode == 1 and "several threads" in done.stderr
    assert sandbox.landlock_version() >= 0


ASKING = """
import os, signal, sys, tempfile
from pathlib import Path
from console.engines import get_engine, starting

def answer():
    engine = get_engine("duckdb")
    statement = engine.plan("SELECT 1 AS n", database="demo", tables={"demo": {}})
    with tempfile.TemporaryDirectory() as folder:
        return engine.execute(statement, Path(folder, "output.parquet")).rows

answer()
mine = starting.server.process.pid
"""
FORKED = """
child = os.fork()
if not child:
    done = answer() and starting.server.process.pid != mine
    starting.end()
    os._exit(0 if done else 1)
print(os.waitpid(child, 0)[1], answer(), starting.server.process.pid == mine)
"""
KILLED = """
print(mine, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def said_by(code):
    command = [sys.executable, "-c", ASKING + code]
    done = subprocess.run(command, cwd=starting.ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split(), done.stderr


def test_a_process_that_is_forked_has_a_server_of_its_own():
    assert said_by(FORKED) == (["0", "1", "True"], "")


def test_the_server_ends_with_the_process_that_started_it():
    [server], _ = said_by(KILLED)

    wait_until(lambda: not alive(int(server)))


def test_the_server_ends_with_a_process_that_ends_well():
    [server], complaint = said_by("print(mine)")

    assert not alive(int(server)) and complaint == ""
