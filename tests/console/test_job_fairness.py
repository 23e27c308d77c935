"""Which job a free worker takes: a slow destination has no more of the workers than its share."""

import pytest

from console import jobs
from console.jobs.choosing import next_job
from console.jobs.lease import claim
from console.models import Database, Job
from integrations.models import Authentication


@pytest.fixture
def waiting(marketer):
    """A function that makes jobs that wait, by the name of where they go to; "" is nowhere."""
    Database.objects.create(name="shop", owner=marketer)
    places = {"": None}

    def make(names, **more):
        for name in names:
            if name and name not in places:
                places[name] = Authentication(name=name, type="sftp_v2", owner=marketer)
                places[name].settings = {}
                places[name].save()
            given = {"authentication": places[name], "export": {} if name else None}
            jobs.submit("SELECT 1", database="shop", owner=marketer, **given, **more)

    return make


def taken(count):
    """Let so many workers take a job. Return where these go to, in their order."""
    claimed = [claim(next_job()) for _ in range(count)]
    return [job.authentication.name if job.authentication else "" for job in claimed]


def test_workers_are_shared_among_the_destinations_that_have_jobs(waiting):
    waiting(["slow"] * 3 + ["near", "far", "near", ""])

    assert taken(3) == ["slow", "near", "far"]
    assert taken(4) == ["", "slow", "near", "slow"]
    assert next_job() is None


def test_whoever_ends_makes_room_for_the_oldest_of_those_with_as_few(waiting):
    waiting(["slow"] * 3 + ["near"] * 3)
    assert taken(2) == ["slow", "near"]

    Job.objects.filter(status="running", authentication__name="near").update(status="success")
    assert taken(1) == ["near"]
    Job.objects.filter(status="running").update(status="success")
    assert taken(2) == ["slow", "near"]


def test_what_is_more_urgent_goes_first_all_the_same(waiting):
    waiting(["slow", "near"])
    waiting(["slow"] * 2, priority=1)

    assert taken(4) == ["slow", "slow", "near", "slow"]


def test_what_exports_nothing_keeps_its_turn(waiting):
    waiting(["", "", "near"])

    assert taken(3) == ["", "", "near"]


def test_a_destination_alone_has_all_workers(waiting):
    waiting(["slow"] * 4)

    assert taken(4) == ["slow"] * 4
