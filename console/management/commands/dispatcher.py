"""`manage.py dispatcher`: starts due slots and gives back lost jobs, once a second."""

import logging
import signal
import threading
import time

from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection

from console import locks
from console.jobs import Clock, give_back_lost, prune, send_missing
from console.notifications import send_waiting, send_webhooks
from console.schedules import tick
from console.tables import collect_garbage
from console.tables.remote import mirror_all
from console.watch import Heart, call_outside, look

logger = logging.getLogger(__name__)

TIDYING, MAILING = "tidying up", "sending mail"
GIVING_BACK = "giving back jobs"
# Beside the mail, which must not wait for a slow one.
CALLING, HEARTBEAT = "calling webhooks", "calling outside"
MIRRORING = "looking at the Trino cluster"
CLOCK, HEART = Clock(), Heart()


def beat():
    """Give a sign of life."""
    HEART.beat()


def tidy():
    """Delete what is old."""
    in_thread(TIDYING, clear_up)


def give_back():
    """Give back jobs whose worker died."""
    in_thread(GIVING_BACK, give_back_jobs)


def mail():
    """Send what waits in the outbox."""
    in_thread(MAILING, send_mail)


def webhooks():
    """Send what waits in the outbox for webhooks."""
    in_thread(CALLING, call_webhooks)


def heartbeat():
    in_thread(HEARTBEAT, call_outside)


def mirror():
    """Look which tables are on the Trino cluster."""
    in_thread(MIRRORING, mirror_tables)


def in_thread(name, work):
    """Do what can take long in a thread, unless it is still at it: slots must not wait for it."""
    if not busy(name):
        threading.Thread(target=attempt, args=[work], name=name, daemon=True).start()


def busy(*names):
    return [thread for thread in threading.enumerate() if thread.name in names]


def give_back_jobs():
    try:
        CLOCK.look()
        give_back_lost()
    finally:
        connection.close()


def send_mail():
    try:
        send_waiting()
    finally:
        connection.close()


def call_webhooks():
    try:
        send_webhooks()
    finally:
        connection.close()


def clear_up():
    try:
        prune()
        collect_garbage()
    finally:
        connection.close()


def mirror_tables():
    try:
        mirror_all()
    finally:
        connection.close()


POLL = 0.1  # seconds
# What is done, and every how many seconds.
ROUND = (
    *((tick, 1), (beat, 5), (send_missing, 10), (look, 15)),
    *((give_back, 10), (mail, 10), (webhooks, 10), (heartbeat, 60), (mirror, 600), (tidy, 3600)),
)


class Stop:
    """Told by a signal, in the midst of anything: an Event would wait for itself, now and then."""

    def __init__(self):
        self.told = False

    def set(self, *_):
        self.told = True

    def is_set(self) -> bool:
        return self.told

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.told and time.monotonic() < end:
            time.sleep(POLL)


class Command(BaseCommand):
    help = "Start the jobs of due slots, every second, until it is told to stop."
    requires_system_checks = ()  # They would load all pages.

    def handle(self, *args, **options):
        stop = Stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop.set)
        with locks.in_use():
            self.stdout.write("The dispatcher is running.")
            dispatch(stop)


def dispatch(stop: Stop) -> None:
    """Do each thing when its time has come, until `stop` is set."""
    due = dict.fromkeys((work for work, _ in ROUND), 0.0)
    while not stop.is_set():
        for work, every in ROUND:
            if time.monotonic() >= due[work]:
                due[work] = time.monotonic() + every
                attempt(work)
        stop.wait(1)
    for thread in busy(TIDYING, MAILING, CALLING, GIVING_BACK, MIRRORING):
        thread.join(1)


def attempt(work):
    """Do one thing. Its trouble, a database that is away say, must not stop the others."""
    try:
        close_old_connections()
        work()
    except Exception:
        logger.exception("The dispatcher could not %s.", work.__name__)
