"""Processes that lose the one that started them, and signals to end at awkward moments."""

import os
import signal
import subprocess
import sys

import pytest

from console.orphans import end_with
from tests.faults.processes import alive, descendants
from tests.homes import ROOT, Home
from tests.servers import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux sends the signals")
START = """\
import os, signal, sys, threading
from multiprocessing import synchronize
{moment}
import manage
manage.run(sys.argv[1:])
"""
NEVER = ""
AT_THE_FIRST_FORK = """\
fork = os.fork
def told():
    os.fork = fork
    pid = fork()
    if pid:
        signal.raise_signal(signal.SIGTERM)
    return pid
os.fork = told
"""
# The second signal comes while the first one is at the lock of an event.
TWICE = """\
more = []
def told(*_):
    more.append(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
def twice(condition):
    usual = condition.notify_all
    def notify_all(self):
        if more:
            signal.raise_signal(more.pop())
        usual(self)
    condition.notify_all = notify_all
twice(threading.Condition), twice(synchronize.Condition)
signal.signal(signal.SIGUSR1, told)
"""


@pytest.fixture
def console(tmp_path):
    console = Home(tmp_path / "home")
    console.make_database()
    return console


@pytest.fixture
def start(console):
    """A function that starts a command, with signals at a moment; it and its forks are killed."""
    processes = []

    def start(command, moment=NEVER):
        words = [sys.executable, "-c", START.format(moment=moment), command]
        with console.log.open("ab") as log:
            process = subprocess.Popen(
                words, cwd=ROOT, env=console.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        process.wait()


def test_a_process_whose_parent_has_gone_before_it_asks_ends_at_once():
    pid = os.fork()
    if pid == 0:
        end_with(os.getpid())  # It is not its own parent.
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


def test_workers_that_are_told_to_end_while_they_start_do(start):
    assert start("workers", AT_THE_FIRST_FORK).wait(30) == 0


@pytest.mark.parametrize("command", ["workers", "dispatcher"])
def test_what_is_told_to_end_twice_at_once_ends(command, console, start):
    process = start(command, TWICE)
    wait_until(lambda: is_ready(command, console, process), 30)

    process.send_signal(signal.SIGUSR1)

    assert process.wait(30) == 0


@pytest.mark.parametrize("generation", [0, 1])
def test_workers_end_with_their_leader_and_their_sentinel(generation, console, start):
    process = start("workers")
    wait_until(lambda: is_ready("workers", console, process), 30)
    leader, sentinel, *workers = process.pid, *descendants(process.pid)

    os.kill((leader, sentinel)[generation], signal.SIGKILL)

    assert len(workers) > 2
    wait_until(lambda: not any(map(alive, (leader, sentinel, *workers))), 10)


def is_ready(command, console, process):
    if command == "dispatcher":
        return "The dispatcher is running." in console.said()
    return len(descendants(process.pid)) > 3 and console.alive()
