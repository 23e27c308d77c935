"""The one who cuts off a request that takes too long or must stop, whatever it is at."""

import socket
import threading

from integrations.delivery import Delivery

LOOK = 0.1  # seconds between looks


class Watchdog:
    """Cuts the socket once the delivery is stopped, while a request is under way."""

    def __init__(self, cut_off: socket.socket, delivery: Delivery):
        self.socket, self.delivery = cut_off, delivery
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def watch(self):
        while not self.done.wait(LOOK):
            if self.delivery.stopped():
                self.cut()
                return

    def cut(self):
        try:
            # Not that of a TLS socket, which would take its encryption from who is reading.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        except OSError:
            pass  # It is closed already, and the request ends by that.
