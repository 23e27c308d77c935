"""The steps to a connection with an HTTP server, taken one by one."""

import ssl
import time
from contextlib import contextmanager
from dataclasses import replace

from integrations.delivery import Delivery
from integrations.errors import Stopped
from integrations.transports import egress
from integrations.transports.dialling import dial_first
from integrations.transports.http.connection import Connection, Limits
from integrations.transports.http.faults import translate
from integrations.transports.http.url import Url


class Probe:
    """Steps for people to see. The connection is closed again: requests make their own."""

    def __init__(self, url: Url, delivery: Delivery, limits: Limits | None = None):
        self.url, self.limits = url, limits or Limits()
        self.delivery = delivery
        self.addresses = []
        self.socket = None

    def resolve(self) -> str:
        self.addresses = egress.resolve(self.url.host, self.url.port, self.delivery)
        return ", ".join(address.ip for address in self.addresses)

    def connect(self) -> str:
        with self.told() as bounded:
            self.socket = dial_first(self.addresses, bounded, self.limits.connect)
        return f"{self.url.host}, port {self.url.port}"

    def secure(self) -> str:
        """Agree on TLS. Return the version, and until when the certificate holds."""
        if self.url.scheme == "http":
            return "none: the server is on this machine"
        with self.told():
            self.socket.settimeout(self.limits.connect)
            self.socket = Connection(self.url, self.delivery, self.limits).secured(self.socket)
            self.socket.do_handshake()
        ends = ssl.cert_time_to_seconds(self.socket.getpeercert()["notAfter"])
        until = time.strftime("%Y-%m-%d", time.gmtime(ends))
        return f"{self.socket.version()}, certificate until {until}"

    @contextmanager
    def told(self):
        """Yield a delivery that ends in time; errors become ours."""
        deadline = time.monotonic() + self.limits.total
        bounded = replace(
            self.delivery,
            stopped=lambda: self.delivery.stopped() or time.monotonic() > deadline,
        )
        try:
            yield bounded
        except (OSError, Stopped) as error:
            self.delivery.check()
            why = TimeoutError() if isinstance(error, Stopped) else error
            raise translate(why, self.url.place) from error

    def close(self) -> None:
        if self.socket:
            self.socket.close()
