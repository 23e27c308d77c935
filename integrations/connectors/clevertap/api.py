"""Requests to CleverTap's API as an account."""

from collections.abc import Callable, Iterable

from integrations.connectors.clevertap.authentication import address_of
from integrations.delivery import Delivery
from integrations.transports.http import Client, Limits, Reply

MOST_ANSWER = 64 << 20  # bytes: it can hold all records of a request
JSON = "application/json; charset=utf-8"
LONGEST_UPLOAD = 24 * 3600.0  # seconds: as long as the address for a list is valid


class Api:
    """An account of CleverTap. It is for one thread, and keeps its connection."""

    def __init__(self, authentication: dict, delivery: Delivery):
        self.address = address_of(authentication)
        self.headers = {
            "X-CleverTap-Account-Id": authentication["account_id"],
            "X-CleverTap-Passcode": authentication["account_passcode"],
            "Content-Type": JSON,
        }
        seconds = float(authentication["timeout"])
        limits = Limits(silence=seconds, total=2 * seconds, body=MOST_ANSWER)
        self.client = Client(delivery, limits)
        self.store = Client(delivery, Limits(silence=seconds, total=LONGEST_UPLOAD))

    def post(
        self, path: str, body: bytes = b"", answering: Callable[[], None] | None = None
    ) -> Reply:
        """Return the answer, whatever its status. Raise ExportError where there is none.

        Once CleverTap begins to answer, `answering` is called.
        """
        return self.client.post(f"{self.address}{path}", body, self.headers, answering)

    def put(self, url: str, body: Iterable[bytes], size: int) -> Reply:
        """Send a file to where CleverTap said, which has an address of its own."""
        return self.store.put(url, body, size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in (self.client, self.store):
            client.__exit__()
