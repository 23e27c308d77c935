"""The address of something on an HTTP server."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from integrations.errors import PermanentError

PORTS = {"https": 443, "http": 80}
WHOLE = "Enter the whole address, such as https://hooks.example.com/console."
PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Url:
    """Where a request goes. Its path and query can hold a secret, and are not told of."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)  # path and query

    @classmethod
    def parse(cls, text: str) -> "Url":
        """Return the parts of an address. Raise PermanentError for what is none."""
        if not PRINTABLE.fullmatch(text):
            raise PermanentError(
                "The address holds a blank or a letter beyond ASCII.", remedy=WHOLE
            )
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise PermanentError("The address is malformed.", remedy=WHOLE) from None
        if parts.scheme not in PORTS or not parts.hostname:
            raise PermanentError("The address is none of HTTP or HTTPS.", remedy=WHOLE)
        if parts.username is not None:
            raise PermanentError("The address holds a user name.", remedy="Leave it out.")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, parts.hostname, port or PORTS[parts.scheme], target)

    @property
    def origin(self) -> tuple[str, str, int]:
        """What requests over one connection have in common."""
        return self.scheme, self.host, self.port

    @property
    def place(self) -> str:
        """The server, as people are told of it."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"
