"""A watch in the web server: it tells of a dispatcher that died, and sends what that would have.

It needs neither the dispatcher nor workers. Where the database is gone too, it tells of that by
itself, once for each process that watches.
"""

import logging
import threading
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from console.models import Notice
from console.notifications import (
    administrators,
    send_direct,
    send_waiting,
    send_webhooks,
    ways,
)
from console.watch.alarms import look_from_outside

logger = logging.getLogger(__name__)
EVERY = 5  # seconds between looks
GONE = "The database cannot be used: no page is shown, no job runs and no schedule starts. "
GONE += "Look at the database server, or at the disk that holds the console's home."


def keep_watch() -> None:
    """Look, in a thread that ends with the process."""
    threading.Thread(target=Guard().run, name="watch", daemon=True).start()


class Guard:
    """What one process knows: since when it watches, whom to tell, whether the database is gone."""

    def __init__(self, now: datetime | None = None):
        self.since = now or timezone.now()
        self.addresses = []
        self.gone_since = None
        self.unsent = None  # a message that goes out without the database
        self.told = False
        self.left = set()  # the ways that it has still to go

    def run(self):
        pause = threading.Event()
        while True:
            try:
                self.look(timezone.now())
            except Exception:
                logger.exception("The watch could not look.")
            finally:
                connection.close()
            pause.wait(EVERY)

    def look(self, now: datetime) -> None:
        try:
            self.addresses = [user.email for user in administrators()]
            well = look_from_outside(now, self.since)
            self.found()
            if not well:
                send_waiting(now)
                send_webhooks(now)
        except (DatabaseError, InterfaceError):
            self.lost(now)
        self.send()

    def lost(self, now):
        """Prepare to tell of the database, once it was away for long enough."""
        self.gone_since = self.gone_since or now
        if not self.told and now - self.gone_since >= settings.ALARM_AFTER:
            self.told = True
            self.tell(Notice.Kind.ALARM, "Alarm: the database is gone", GONE)

    def found(self):
        if self.told:
            self.tell(Notice.Kind.OVER, "Over: the database is back", "It is over: it answers.")
        self.gone_since, self.told = None, False

    def tell(self, kind, subject, text):
        body = f"{text}\n\nThe console: {settings.PUBLIC_URL}/\n"
        self.unsent, self.left = Notice(kind=kind, subject=subject, body=body), ways()

    def send(self):
        """Send what is to be told, and what did not go out the last time again."""
        if not self.left:
            return
        wrong = send_direct(self.unsent, self.addresses, self.left)
        for way, why in wrong.items():
            logger.error("“%s” could not be sent by %s: %s", self.unsent, way, why)
        self.left = set(wrong)
