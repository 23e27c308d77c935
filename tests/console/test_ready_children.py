"""Children that are started ahead: each is asked one thing, and none outlives who started it."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from console.engines import QueryError, get_engine, sandbox, starting


@pytest.fixture
def ready(monkeypatch):
    """Two children that are ready, as in a web server; gone afterwards."""
    found = starting.Ready(2)
    found.fill()
    monkeypatch.setattr(starting, "ready", found)
    yield found
    found.number = 0
    found.empty()


def answer(sql, folder):
    engine = get_engine("trino")
    statement = engine.plan(sql, database="demo", tables={"demo": {}})
    engine.execute(statement, folder / "output.parquet")
    return pq.read_table(folder / "output.parquet").to_pylist()


def test_a_child_that_is_ready_answers_and_ends(ready, tmp_path):
    first, second = [each.child for each in ready.waiting]

    assert answer("SELECT 1 AS n", tmp_path) == [{"n": 1}]
    assert first.returncode is not None and second.poll() is None
    assert answer("SELECT 2 AS n", tmp_path) == [{"n": 2}]
    assert second.returncode is not None


def test_a_query_that_fails_leaves_the_others_ready(ready, tmp_path):
    with pytest.raises(QueryError, match="no column"):
        answer("SELECT missing FROM (VALUES 1) AS t(n)", tmp_path)

    assert answer("SELECT 3 AS n", tmp_path) == [{"n": 3}]


def test_one_that_has_died_is_passed_by(ready, tmp_path):
    dead = ready.waiting[0].child
    dead.kill()
    dead.wait()

    assert answer("SELECT 4 AS n", tmp_path) == [{"n": 4}]


def test_one_that_waits_has_one_thread_as_the_kernel_s_lock_needs(ready, tmp_path):
    waiting = ready.waiting[0].child
    tasks = Path(f"/proc/{waiting.pid}/task")

    answer("SELECT 5 AS n", tmp_path)  # The first is used; the second has started by now too.

    assert not tasks.exists()
    assert len(list(Path(f"/proc/{ready.waiting[0].child.pid}/task").iterdir())) == 1


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


def test_those_that_nobody_asks_are_let_go(ready):
    children = [each.child for each in ready.waiting]

    ready.empty()

    assert None not in [child.returncode for child in children]
    assert not ready.waiting


def test_that_none_can_be_started_ahead_is_no_reason_to_stop(ready, monkeypatch, caplog):
    def refuse():
        raise BlockingIOError("Resource temporarily unavailable")

    ready.empty()
    monkeypatch.setattr(starting, "start", refuse)

    ready.fill()

    assert "unavailable" in caplog.text and not ready.waiting


STARTER = """
import sys
from console.engines import starting
print(starting.start().child.pid, flush=True)
sys.stdin.read()
"""


def test_one_that_waits_ends_with_the_process_that_started_it():
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        cwd=starting.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with starter:
        child = starter.stdout.readline().decode().strip()
        # The child holds this end of a pipe open until it ends.
        done = subprocess.Popen(["tail", f"--pid={child}", "-f", "/dev/null"])
        starter.kill()

    assert done.wait(30) == 0
