"""What an HTTP server answered, and what that means for trying again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from integrations.errors import ExportError, PermanentError, TransientError

LONGEST_WAIT = 24 * 3600.0  # seconds that a server is left alone at most, whatever it asks for
# Client errors that say nothing against the request itself.
PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
REMEDIES = {
    400: "Ask the server's operator what it expects.",
    401: "Check the credentials, or the address where it holds them.",
    403: "Check the credentials, or the address where it holds them.",
    404: "Check the address.",
    405: "Check the address: it does not take such requests.",
    410: "The server says that it is gone for good. Enter a new address.",
    413: "Send less at once.",
}
ELSEWHERE = "It leads elsewhere, which is not followed. Enter the address that it leads to."
ASK = "Ask the server's operator if this goes on."


@dataclass(frozen=True)
class Reply:
    """The answer to one request."""

    place: str
    status: int
    headers: dict[str, str] = field(repr=False)  # names in lower case
    body: bytes = field(repr=False)
    cut: bool  # whether the body went on beyond what is read
    seconds: float

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def named(self) -> str:
        """The status with its name, such as 404 Not Found."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)

    @property
    def retry_after(self) -> float | None:
        """The seconds that the server asks to be left alone, or nothing."""
        wait = seconds_in(self.headers.get("retry-after", ""))
        return None if wait is None else min(max(wait, 0.0), LONGEST_WAIT)

    def check(self) -> None:
        """Raise ExportError where the server did not do what it was asked for."""
        if not self.succeeded:
            raise self.refusal()

    def refusal(self) -> ExportError:
        told = f"{self.place} answered {self.named}."
        if self.status >= 500 or self.status in PASSING:
            return TransientError(told, remedy=ASK, after=self.retry_after)
        if 300 <= self.status < 400:
            return PermanentError(told, remedy=ELSEWHERE)
        return PermanentError(told, remedy=REMEDIES.get(self.status, REMEDIES[400]))


def seconds_in(text):
    """Return the seconds that a Retry-After says, as a number or as a date."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - datetime.now(UTC)).total_seconds()
