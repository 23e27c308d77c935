"""The web server: processes that share an address."""

import os
import signal
import socket
from contextlib import closing
from http.client import HTTPConnection, HTTPException

import pytest

from console.quickstart.family import processes
from tests.homes import Home
from tests.servers import free_port, wait_until


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home", CONSOLE_WEB_PROCESSES="2")
    home.folder.mkdir()
    home.make_database()
    yield home
    home.close()


def answers(port):
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/login/")
            with connection.getresponse() as answer:
                return answer.status == 200
        except (OSError, HTTPException):
            return False


def children_of(process):
    """Return the processes that a web server has started."""
    return [relative.pid for relative, parent in processes() if parent == process.pid]


def living(pids):
    return {relative.pid for relative, _ in processes()}.intersection(pids)


def test_a_process_that_dies_is_replaced_while_the_other_answers(home):
    port = free_port()
    server = home.start("web", "--listen", f"127.0.0.1:{port}")
    wait_until(lambda: len(children_of(server)) == 2 and answers(port), 60)
    before = children_of(server)

    os.kill(before[0], signal.SIGKILL)

    wait_until(lambda: before[0] not in children_of(server) and len(children_of(server)) == 2, 30)
    assert answers(port)
    family = children_of(server)
    server.terminate()
    assert server.wait(10) == 0
    assert not living(family)


def test_nothing_is_left_of_a_web_server_that_is_killed(home):
    port = free_port()
    server = home.start("web", "--listen", f"127.0.0.1:{port}")
    wait_until(lambda: len(children_of(server)) == 2 and answers(port), 60)
    family = children_of(server)

    server.kill()
    server.wait()

    wait_until(lambda: not living(family), 10)
    assert not answers(port)


@pytest.mark.parametrize("number", ["1", "2"])
def test_an_address_that_is_taken_is_told_in_a_sentence(home, number):
    home.environment["CONSOLE_WEB_PROCESSES"] = number
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = home.manage("web", "--listen", f"127.0.0.1:{port}")

    assert done.returncode == 1
    assert (
        f"The web server cannot listen at 127.0.0.1:{port}: Address already in use" in done.stderr
    )


@pytest.mark.parametrize("place", ["127.0.0.1:99999", "nowhere.invalid:8000", "127.0.0.1:x"])
def test_what_is_no_address_is_told_in_a_sentence(home, place):
    done = home.manage("web", "--listen", place)

    assert done.returncode == 1
    assert f"The web server cannot listen at {place}: " in done.stderr
    assert "Traceback" not in done.stderr
