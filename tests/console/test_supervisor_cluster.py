"""The real cluster on a home of its own: workers, dispatcher, td, and a file on a server."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from console import supervisor
from tests.homes import Home
from tests.servers import wait_until

WORKERS = """\
from django_q.status import Stat
print(*[pid for stat in Stat.get_all() for pid in stat.workers])
"""
SETUP = """\
from django.contrib.auth.models import User
from console import tables
mia = User.objects.create_user("mia")
tables.create_database("shop", mia)
"""
DUE = """\
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from console.models import Database, Query, Schedule
from console.schedules import schedule_query
shop, mia = Database.objects.get(name="shop"), User.objects.get(username="mia")
for number in range(5):
    query = Query.objects.create(name=f"query-{number}", database=shop, sql="SELECT 1", owner=mia)
    schedule_query(query, "@daily")
Schedule.objects.update(next_slot=timezone.now() + timedelta(seconds=1))
"""
FIRED = "SELECT name, status FROM console_job WHERE schedule_id IS NOT NULL ORDER BY name"
LATEST = "SELECT status FROM console_job ORDER BY id DESC LIMIT 1"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    console = Home(tmp_path_factory.mktemp("cluster"))
    console.make_database()
    console.shell(SETUP)
    return console


@pytest.fixture
def console(installed):
    """A console without workers; those that a test starts end with it."""
    yield installed
    installed.close()


def result_for(sshd):
    settings = {key: value for key, value in sshd.settings.items() if value != ""}
    place = {"type": "sftp_v2", "user_directory_is_root": True, "path_prefix": "/in/people.csv"}
    return json.dumps(settings | place)


@pytest.mark.needs("sshd", "ssh-keygen")
def test_what_td_submits_a_real_cluster_delivers_and_ends_in_order(console, sshd):
    cluster = console.start_cluster()

    done = console.td("query", "-d", "shop", "-w30", "SELECT 1 AS n", "-r", result_for(sshd))

    assert done.returncode == 0, done.stdout + done.stderr
    assert (sshd.root / "in/people.csv").read_bytes() == b"n\r\n1\r\n"
    began = time.monotonic()
    cluster.send_signal(signal.SIGTERM)
    assert cluster.wait(20) == 0
    assert time.monotonic() - began < 10
    wait_until(lambda: not console.alive(), 10)


def first_worker(console):
    """Return a worker's process, once the cluster has told of one."""
    return int(wait_until(lambda: console.shell(WORKERS).split(), 60)[0])


def test_workers_give_way_to_pages(console):
    console.start_cluster()

    worker = first_worker(console)

    niceness = os.getpriority(os.PRIO_PROCESS, 0) + supervisor.WORKERS_NICE
    assert os.getpriority(os.PRIO_PROCESS, worker) == niceness
    session = Path(f"/proc/{worker}/autogroup")
    if session.exists():
        assert session.read_text().endswith(f" nice {niceness}\n")


def test_a_worker_that_is_killed_does_not_wedge_the_cluster(console):
    console.start_cluster()
    victim = first_worker(console)

    os.kill(victim, signal.SIGKILL)

    console.td("query", "-d", "shop", "SELECT 1 AS n")
    wait_until(lambda: console.rows(LATEST) == [("success",)], 90)


def test_two_clusters_start_each_slot_once(console):
    console.start_cluster()
    console.start_cluster()

    console.shell(DUE)

    done = [(f"query-{number}", "success") for number in range(5)]
    wait_until(lambda: [row for row in console.rows(FIRED) if row[1] == "success"] == done, 60)
    assert console.rows(FIRED) == done
