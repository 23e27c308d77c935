"""The one who cuts off a request that takes too long or must stop, whatever it is at."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK = 0.1  # seconds between looks


class Watchdog:
    """Cuts the socket of a request once it is over its time; for one request after the other.

    Its thread is there from the first request until it is told to end: a thread for each request
    takes a millisecond, while others send.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.watched = None  # socket, and what says whether it is to be cut
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, name="watchdog", daemon=True)

    @contextmanager
    def over(self, cut_off: socket.socket, is_over: Callable[[], bool]) -> Iterator[None]:
        """Watch a request. Behind the end of the block its socket is safe."""
        if not self.thread.is_alive():
            self.thread.start()
        self.watched = cut_off, is_over
        try:
            yield
        finally:
            with self.lock:
                self.watched = None

    def watch(self):
        while not self.ended.wait(LOOK):
            watched = self.watched
            if watched and watched[1]():
                self.cut(watched)

    def cut(self, watched):
        with self.lock:
            if self.watched is not watched:
                return  # The request has ended meanwhile; another one may be under way.
            try:
                # Not that of a TLS socket, which would take its encryption from who is reading.
                socket.socket.shutdown(watched[0], socket.SHUT_RDWR)
            except OSError:
                pass  # It is closed already, and the request ends by that.

    def close(self) -> None:
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join()
