"""Clocks that are set while jobs run, and machines whose clocks differ."""

import pytest
from django.db import connection

from tests.faults import moved
from tests.faults.deliveries import texts
from tests.faults.line import until
from tests.faults.processes import Worker

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="moves the clock of SQLite"),
]
HOUR = 3600


class Moved(Worker):
    program = "tests.faults.moved"


@pytest.fixture
def set_clock(shared_home):
    """A function that sets the clock of the machine on which workers and dispatcher are."""
    return lambda seconds: (shared_home / moved.FILE).write_text(str(seconds))


def looked(dispatcher, times):
    """Wait until the dispatcher has looked so often for jobs of the dead."""
    already = dispatcher.said().count("looked")
    until(lambda: dispatcher.said().count("looked") >= already + times)


def test_a_clock_that_is_set_while_a_job_runs_takes_it_from_nobody(
    submit, start, drop, line, set_clock
):
    job = submit()
    hold = line.hold(line.in_mid_upload)
    dispatcher, worker = (start(job, what, program=Moved) for what in ("dispatcher", "worker"))
    hold.wait()
    looked(dispatcher, 1)

    for jump in (HOUR, -HOUR):
        set_clock(jump)
        looked(dispatcher, 3)
    hold.let_go()
    worker.wait()

    job.refresh_from_db()
    assert job.attempt == 1, texts(job)
    drop.has_once(job)
