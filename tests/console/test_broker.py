"""Who hands out messages to workers, while the database is away."""

from multiprocessing import Event, Queue

import pytest
from django.db import InterfaceError, OperationalError
from django_q.brokers import get_broker
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.pusher import pusher
from django_q.tasks import async_task

from console import broker as patience


@pytest.fixture
def away(monkeypatch):
    """A function that lets a method of the queue find the database away, once."""
    monkeypatch.setattr(patience, "PAUSE", 0)

    def away(name, error):
        usual, errors = getattr(ORM, name), [error]

        def method(*given):
            if errors:
                raise errors.pop()
            return usual(*given)

        monkeypatch.setattr(ORM, name, method)

    return away


@pytest.mark.parametrize("error", [OperationalError("server closed"), InterfaceError("closed")])
@pytest.mark.django_db(transaction=True)
def test_messages_are_handed_out_after_an_outage(away, error, caplog):
    async_task("console.jobs.take_turn", 1)
    queue, end = Queue(), Event()
    away("dequeue", error)
    broker = get_broker()
    handed_out = broker.dequeue

    def dequeue():
        found = handed_out()
        if found:
            end.set()
        return found

    broker.dequeue = dequeue

    pusher(queue, end, broker)

    assert queue.get(timeout=5)["args"] == (1,)
    assert "The database did not answer" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_message_that_cannot_be_forgotten_stays_and_ends_nobody(away):
    async_task("console.jobs.take_turn", 1)
    [message] = OrmQ.objects.all()
    away("delete", OperationalError("server closed"))

    get_broker().acknowledge(message.pk)

    assert OrmQ.objects.get() == message
    get_broker().acknowledge(message.pk)
    assert not OrmQ.objects.exists()
