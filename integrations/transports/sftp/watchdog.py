"""The one who closes a connection that nobody else can: its server is silent, or it must stop."""

import threading
import time
from contextlib import contextmanager

import paramiko

from integrations.delivery import Delivery

LOOK = 0.1  # seconds between looks
GRACE = 1.0  # seconds between the stop signal and the end, to leave nothing behind


class Watchdog:
    """Closes the transport when told, when the delivery is stopped, or on too long a silence."""

    def __init__(self, transport: paramiko.Transport, delivery: Delivery, patience: float):
        self.transport = transport
        self.delivery = delivery
        self.patience = patience
        self.waits = {}  # who waits for an answer -> since when
        self.silent = False
        self.told = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    @contextmanager
    def waiting(self):
        """Mark a time in which the server owes an answer."""
        wait = object()
        self.waits[wait] = time.monotonic()
        try:
            yield
        finally:
            del self.waits[wait]

    def watch(self):
        while not self.told.wait(LOOK):
            if self.delivery.stopped():
                self.told.wait(GRACE)
                break
            since = min(self.waits.copy().values(), default=None)
            if since and time.monotonic() - since > self.patience:
                self.silent = True
                break
        self.transport.close()

    def close(self):
        """Close the transport now."""
        self.told.set()
        self.thread.join()
