"""What a connector is."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from integrations.delivery import Delivery
from integrations.rows import Rows


@dataclass(frozen=True)
class DeliveredFile:
    """One file as it stands at the destination."""

    path: str
    bytes: int
    sha256: str
    remote_bytes: int | None = None  # what the server says; None where it will not tell


@dataclass(frozen=True)
class Receipt:
    """What was delivered."""

    rows: int
    bytes: int
    files: list[DeliveredFile] = field(default_factory=list)
    host_key: str = ""  # SHA256:… of the server
    seconds: float = 0.0


@dataclass(frozen=True)
class Step:
    """One step of a connection test."""

    name: str  # resolve, connect, host key, log in, directory, write, rename, delete
    outcome: str  # passed, failed, skipped
    detail: str = ""
    remedy: str = ""


class Connector:
    """A destination: what it asks of the user, and how rows get there."""

    name: str
    label: str
    description: str = ""
    category: str = ""
    Authentication: type
    Export: type
    aliases: dict[str, str] = {}  # other spellings of settings in a --result
    do_not_call_in_templates = True  # Templates list the classes.

    def __init__(self, authentication: dict, settings: dict | None = None):
        self.authentication = authentication
        self.settings = settings or {}

    def export(self, rows: Rows, delivery: Delivery) -> Receipt:
        """Deliver the rows. Raise ExportError where that fails, Stopped where it was ended."""
        raise NotImplementedError

    def test(self, delivery: Delivery) -> Iterator[Step]:
        """Try the authentication, a step at a time; after a failed step the rest are skipped."""
        raise NotImplementedError
