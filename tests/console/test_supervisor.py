"""The supervisor, over small processes that die, wedge and linger."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from console.supervisor import Child, as_event
from tests.servers import wait_until

ROOT = Path(__file__).parents[2]
PROGRAM = """\
import sys
from console.supervisor import Child, Errand, Supervisor
_, drain, errand, *codes = sys.argv
children = [Child(f"Number {n}", [sys.executable, "-uc", code]) for n, code in enumerate(codes)]
if errand:
    children.append(Errand("An errand", [sys.executable, "-c", errand], after=0.1, niceness=19))
Supervisor(children, drain=float(drain)).run()
"""
SLEEPER = "import os, time; os.write(1, b'at %d\\n' % os.getpid()); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
FORKING = "import os; os.fork(); " + SLEEPER
WEDGED = (
    "import sys; print('CRITICAL reincarnated worker Process-1 after death'); sys.stdout.flush(); "
    + SLEEPER
)


class Supervised:
    """A supervisor in a process of its own, and what it has printed."""

    def __init__(self, *codes, drain=5, errand=""):
        command = [sys.executable, "-c", PROGRAM, str(drain), errand, *codes]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        self.lines.extend(self.process.stdout)

    def pids(self, count):
        """Return the processes that have said where they are, once there are so many."""
        wait_until(lambda: len(self.announced()) >= count, 20)
        return self.announced()

    def announced(self):
        return [int(line.split()[1]) for line in self.lines if line.startswith("at ")]

    def end(self, number=signal.SIGTERM):
        """Return how long it takes to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(15)
        return time.monotonic() - began


@pytest.fixture
def supervised():
    started = []

    def supervised(*codes, **settings):
        started.append(Supervised(*codes, **settings))
        return started[-1]

    yield supervised
    for each in started:
        with suppress(ProcessLookupError):
            each.process.kill()
        each.process.wait()
        each.reader.join()
        each.process.stdout.close()


def lives(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_all_its_children(supervised, number):
    supervisor = supervised(SLEEPER, SLEEPER)
    pids = supervisor.pids(2)

    assert supervisor.end(number) < 5

    assert not any(map(lives, pids))
    assert supervisor.process.returncode == 0


def test_a_child_that_dies_is_started_again(supervised):
    supervisor = supervised(SLEEPER)
    [first] = supervisor.pids(1)

    os.kill(first, signal.SIGKILL)

    assert len(supervisor.pids(2)) == 2
    assert "Number 0 ended (-9); it is started again in 0.5 seconds.\n" in supervisor.lines


def test_orphans_of_a_dead_leader_are_ended_before_the_next_start(supervised):
    supervisor = supervised(FORKING)
    family = supervisor.pids(2)
    leader = next(pid for pid in family if os.getpgid(pid) == pid)

    os.kill(leader, signal.SIGKILL)

    supervisor.pids(4)
    assert not any(map(lives, family))


def test_an_errand_gives_way_to_the_others_and_is_run_once(supervised):
    errand = "import os; print('niceness', os.nice(0)); raise SystemExit(3)"
    supervisor = supervised("pass", errand=errand)

    # The other one is started three times while the errand could be, which may have to wait.
    wait_until(lambda: sum("is started again" in line for line in supervisor.lines) >= 3, 20)
    wait_until(lambda: "An errand ended (3).\n" in supervisor.lines, 60)

    errands = [line for line in supervisor.lines if "Number 0" not in line]
    assert sorted(errands) == ["An errand ended (3).\n", "niceness 19\n"]


def test_a_wedged_group_is_started_again(supervised):
    supervisor = supervised(WEDGED)

    first = supervisor.pids(2)[0]

    assert "Number 0 is wedged; it is started again in 0.5 seconds.\n" in supervisor.lines
    assert not lives(first)


def test_one_that_dies_at_once_is_started_ever_more_slowly(supervised):
    supervisor = supervised("pass")

    wait_until(lambda: sum("is started again" in line for line in supervisor.lines) == 3, 20)

    assert [line.split()[-2] for line in supervisor.lines] == ["0.5", "1", "2"]


def test_what_cannot_be_started_is_started_once_there_is_room(capsys, monkeypatch):
    child, popen = Child("Number 0", [sys.executable, "-c", ""]), subprocess.Popen

    def no_room(*_, **__):
        monkeypatch.setattr(subprocess, "Popen", popen)
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", no_room)
    child.look()
    assert child.process is None
    wait_until(lambda: child.look() or child.process, 5)
    child.kill()

    assert (
        "Number 0 cannot be started: Resource temporarily unavailable." in capsys.readouterr().out
    )


def test_it_goes_on_where_nothing_can_be_written_down(tmp_path):
    started = tmp_path / "started"
    chatty = f"print('lines ' * 99_999); open({str(started)!r}, 'a').write('x')"
    command = [sys.executable, "-c", PROGRAM, "5", "", chatty]
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(command, cwd=ROOT, stdout=full, stderr=subprocess.DEVNULL)

    try:
        wait_until(lambda: started.exists() and len(started.read_text()) > 1, 20)
    finally:
        process.terminate()
        process.wait(10)


def test_what_does_not_end_in_time_is_ended_by_force(supervised):
    supervisor = supervised(STUBBORN, drain=0.5)
    [pid] = supervisor.pids(1)

    assert supervisor.end() < 5

    assert not lives(pid)
    assert "Running jobs are cut off; they are run again after the next start.\n" in (
        supervisor.lines
    )


def test_asked_twice_it_does_not_wait(supervised):
    supervisor = supervised(STUBBORN, drain=60)
    [pid] = supervisor.pids(1)
    supervisor.process.send_signal(signal.SIGTERM)

    assert supervisor.end(signal.SIGINT) < 5

    assert not lives(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells children of such an end.")
def test_children_do_not_outlive_a_killed_supervisor(supervised):
    supervisor = supervised(SLEEPER)
    [pid] = supervisor.pids(1)

    supervisor.end(signal.SIGKILL)

    wait_until(lambda: not lives(pid))


def test_what_is_no_event_becomes_one_where_the_log_is_json(monkeypatch):
    assert as_event("It ended (1).", "The dispatcher") == "It ended (1)."
    monkeypatch.setenv("CONSOLE_LOG_FORMAT", "json")

    event = json.loads(as_event("It ended (1).", "The dispatcher"))

    assert (event["message"], event["logger"], event["level"]) == (
        "It ended (1).", "The dispatcher", "INFO",
    )  # fmt: skip
    assert as_event('{"message": "x"}', "The dispatcher") == '{"message": "x"}'
