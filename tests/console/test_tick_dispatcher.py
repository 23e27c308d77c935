"""The dispatcher: a tick each second, and a sign of life."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from console import jobs
from console.jobs import reaper
from console.jobs.lease import claim
from console.management.commands import dispatcher
from console.models import Database, Job, Pulse
from tests.servers import wait_until


@pytest.fixture
def dispatching(transactional_db):
    """A dispatcher in a thread. Return the function that stops it."""
    stop = dispatcher.Stop()

    def run():
        dispatcher.dispatch(stop)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()

    def end():
        stop.set()
        thread.join(3)
        return not thread.is_alive()

    yield end
    end()


def test_it_gives_a_sign_of_life_and_stops_at_once(dispatching):
    wait_until(Pulse.objects.filter(name="dispatcher").exists)

    assert dispatching()


def test_trouble_with_one_thing_does_not_stop_the_others(monkeypatch, caplog):
    done = []

    def broken():
        raise RuntimeError("the database is away")

    monkeypatch.setattr(dispatcher, "ROUND", ((broken, 1), (lambda: done.append(1), 1)))
    monkeypatch.setattr(dispatcher, "close_old_connections", lambda: None)
    stop = dispatcher.Stop()
    thread = threading.Thread(target=dispatcher.dispatch, args=[stop])
    thread.start()
    wait_until(lambda: done)

    stop.set()
    thread.join(3)

    assert "The dispatcher could not broken." in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_long_tidying_up_does_not_keep_slots_waiting(monkeypatch):
    ticks, go_on, tidied = [], threading.Event(), []

    def long():
        tidied.append(1)
        go_on.wait(20)

    monkeypatch.setattr(dispatcher, "prune", long)
    monkeypatch.setattr(dispatcher, "ROUND", ((dispatcher.tidy, 0), (lambda: ticks.append(1), 0)))
    stop = dispatcher.Stop()
    thread = threading.Thread(target=lambda: (dispatcher.dispatch(stop), connection.close()))
    thread.start()

    wait_until(lambda: len(ticks) > 1)

    assert tidied == [1]  # and no second time beside it
    go_on.set()
    stop.set()
    thread.join(5)
    assert not dispatcher.busy(dispatcher.TIDYING)


@pytest.mark.django_db(transaction=True)
def test_a_long_look_at_what_the_dead_sent_keeps_no_slot_or_job_waiting(monkeypatch, marketer):
    ticks, go_on = [], threading.Event()
    Database.objects.create(name="shop", owner=marketer)
    lost, unheard = (jobs.submit("SELECT 1", database="shop", owner=marketer) for _ in range(2))
    claim(lost.pk)
    Job.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    OrmQ.objects.all().delete()
    monkeypatch.setattr(reaper, "of_the_dead", lambda _: go_on.wait(20) and None)
    later = dispatcher.ROUND[1:]
    monkeypatch.setattr(dispatcher, "ROUND", ((lambda: ticks.append(1), 0), *later))
    stop = dispatcher.Stop()
    thread = threading.Thread(target=lambda: (dispatcher.dispatch(stop), connection.close()))
    thread.start()
    try:
        wait_until(lambda: len(ticks) > 2 and OrmQ.objects.exists())
        assert Job.objects.get(pk=lost.pk).status == "running"
    finally:
        go_on.set()
    wait_until(lambda: Job.objects.get(pk=lost.pk).status == "queued")
    stop.set()
    thread.join(5)
    assert not dispatcher.busy(dispatcher.GIVING_BACK)
    assert jobs.take_turn(unheard.pk)
