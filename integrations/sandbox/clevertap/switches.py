"""How CleverTap can be as difficult as it is in the field."""

from dataclasses import dataclass, field

FAULTS = {
    "401": "credentials that were right are refused",
    "429": "too many requests at once",
    "500": "an error of the server",
    "502": "a gateway that lost the server, which took the request",
    "503": "the server is not available",
    "fail": "none of the records is taken",
    "partial": "the first record is not taken",
    "vague": "the first record is not taken, and nobody is told which",
    "malformed": "the request is taken, and answered with what cannot be read",
    "drop": "the request is taken, and the connection closed in place of an answer",
    "silent": "the request is taken, and nothing is said",
    "ok": "none: the request is answered as usual",
}


@dataclass
class Switches:
    """What the server does wrong. Each fault is for one request, in their order."""

    faults: list[str] = field(default_factory=list)
    delay: float = 0.0  # seconds that every answer takes
    retry_after: int | None = None  # seconds that a 429 asks for
    uploads_at_once: int = 15
    others_at_once: int = 3
    most_bytes: int = 5 << 30  # of a custom list
    check: bool = True  # False takes every record unseen, as fast as it goes
