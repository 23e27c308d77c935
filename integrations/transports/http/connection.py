"""One connection to an HTTP server, kept open from request to request."""

import http.client
import select
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from integrations.delivery import Delivery
from integrations.errors import Stopped
from integrations.transports import egress
from integrations.transports.dialling import dial_first
from integrations.transports.http.faults import translate
from integrations.transports.http.listened import Listened
from integrations.transports.http.reply import Reply
from integrations.transports.http.url import PORTS, Url
from integrations.transports.http.watchdog import Watchdog

FAILURES = (OSError, http.client.HTTPException)  # OSError is what ssl raises too


@dataclass(frozen=True)
class Limits:
    """What a request may take. Beyond `total` it is cut off, whatever it is at."""

    connect: float = 10.0  # seconds, to each address of the server
    silence: float = 30.0  # seconds that the server may owe an answer, or the rest of it
    total: float = 60.0
    body: int = 1 << 20  # bytes of the answer that are read; 0 reads none


class Connection:
    """A connection to the server of an address. The name is looked up and checked at each dial."""

    def __init__(self, url: Url, delivery: Delivery, limits: Limits):
        self.url, self.limits = url, limits
        self.delivery = delivery
        self.socket = None
        self.watchdog = Watchdog()
        self.asked = False  # whether the server has got something of the request
        self.answering = None
        self.client = http.client.HTTPConnection(url.host, url.port)
        self.client.default_port = PORTS[url.scheme]  # the Host header says no other one
        self.client.auto_open = 0  # it would look the name up by itself
        self.client.response_class = self.answer_from

    def request(
        self,
        method: str,
        url: Url,
        body: bytes,
        headers: dict[str, str],
        answering: Callable[[], None] | None = None,
    ) -> Reply:
        """Return the server's answer, whatever it is. Raise ExportError where there is none.

        Once the first line of it is there, `answering` is called.
        """
        self.answering = answering
        began = time.monotonic()
        deadline = began + self.limits.total
        bounded = replace(
            self.delivery,
            stopped=lambda: self.delivery.stopped() or time.monotonic() > deadline,
        )
        try:
            return self.exchange(method, url, body, headers, bounded)
        except (*FAILURES, Stopped) as error:
            self.close()
            self.delivery.check()
            late = isinstance(error, Stopped) or time.monotonic() > deadline
            why = TimeoutError() if late else error
            told = translate(why, self.url.place)
            told.unanswered = self.asked
            raise told from error
        except BaseException:
            self.close()
            raise

    def exchange(self, method, url, body, headers, bounded):
        began = time.monotonic()
        self.asked = False
        self.open(bounded)
        with self.watchdog.over(self.socket, bounded.stopped):
            if isinstance(self.socket, ssl.SSLSocket):
                self.socket.do_handshake()
            self.asked = True
            self.ask(method, url.target, body, headers)
            with self.client.getresponse() as response:
                text, cut = self.read(response)
        bounded.check()  # What was cut off in its headers looks whole to the library.
        if cut or response.will_close:
            self.close()
        named = {name.lower(): value for name, value in response.getheaders()}
        seconds = time.monotonic() - began
        return Reply(self.url.place, response.status, named, text, cut, seconds)

    def answer_from(self, sock, **more):
        """Return what the library reads the answer with."""
        if self.answering:
            sock = Listened(sock, self.answering)
        return http.client.HTTPResponse(sock, **more)

    def ask(self, method, target, body, headers):
        try:
            self.client.request(method, target, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            # The server may have refused before it read all of it: then it has said why.
            if body is None:
                raise

    def open(self, bounded):
        """See to it that there is a connection that the server has not closed meanwhile."""
        if self.socket and closed_by_server(self.socket):
            self.close()
        if self.socket is None:
            addresses = egress.resolve(self.url.host, self.url.port, bounded)
            self.socket = self.secured(dial_first(addresses, bounded, self.limits.connect))
            # As the library does: it sends headers and body apart, and neither is to wait.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            self.client.sock = self.socket
        self.socket.settimeout(self.limits.silence)

    def secured(self, dialled):
        if self.url.scheme == "http":
            return dialled
        context = ssl.create_default_context()
        # The name that was asked for is checked, though it is an address that was dialled.
        wrap = {"server_hostname": self.url.host, "do_handshake_on_connect": False}
        try:
            return context.wrap_socket(dialled, **wrap)
        except BaseException:
            dialled.close()
            raise

    def read(self, response):
        """Return the body as far as it is wanted, and whether there is more."""
        most = self.limits.body
        if most == 0 and response.length != 0:
            return b"", True
        text = response.read(most + 1)
        if response.length and len(text) <= most:
            raise http.client.IncompleteRead(text, response.length)
        return text[:most], len(text) > most

    def close(self):
        self.client.close()
        if self.socket:
            self.socket.close()
        self.socket = None
        self.watchdog.close()
        self.watchdog = Watchdog()  # for whoever dials anew


def closed_by_server(sock: socket.socket) -> bool:
    """Return whether the server has ended an idle connection, or said what nobody asked for."""
    return bool(select.select([sock], [], [], 0)[0])
