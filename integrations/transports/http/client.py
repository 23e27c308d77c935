"""Requests to any number of servers, over one connection to each."""

from collections.abc import Callable, Iterable

from integrations.delivery import Delivery
from integrations.transports.http.connection import Connection, Limits
from integrations.transports.http.reply import Reply
from integrations.transports.http.url import Url

AGENT = "console"


class Client:
    """Keeps connections open for the next request. It is for one thread."""

    def __init__(self, delivery: Delivery, limits: Limits | None = None):
        self.delivery, self.limits = delivery, limits or Limits()
        self.connections = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()

    def get(self, url: str) -> Reply:
        return self.request("GET", url)

    def post(
        self,
        url: str,
        body: bytes,
        headers: dict[str, str],
        answering: Callable[[], None] | None = None,
    ) -> Reply:
        """Post the body. `answering` is called once the server begins to answer."""
        return self.request("POST", url, body, headers, answering)

    def put(self, url: str, body: Iterable[bytes], size: int) -> Reply:
        """Send so many bytes, which are made as they are sent."""
        return self.request("PUT", url, body, {"Content-Length": str(size)})

    def request(
        self,
        method: str,
        url: str,
        body: bytes | Iterable[bytes] = b"",
        headers: dict[str, str] | None = None,
        answering: Callable[[], None] | None = None,
    ) -> Reply:
        """Return the answer, whatever its status. Raise ExportError where there is none.

        Redirects are answers too: following one is left to a person.
        """
        parsed = Url.parse(url)
        given = {"User-Agent": AGENT} | (headers or {})
        return self.to(parsed).request(method, parsed, body or None, given, answering)

    def to(self, url):
        """Return the connection to the server of the address."""
        if url.origin not in self.connections:
            self.connections[url.origin] = Connection(url, self.delivery, self.limits)
        return self.connections[url.origin]
