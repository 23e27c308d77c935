"""What a destination says of a file that has arrived."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Arrival:
    """A file as its destination tells of it; None or blank where it does not."""

    path: str
    bytes: int | None = None
    modified: str = ""  # ISO 8601, by the destination's clock
    permissions: str = ""  # rw-r--r--
    checksum: str = ""  # sha256:…, made there and the same as that of what was sent
    etag: str = ""  # as servers of objects have one
    version: str = ""  # of the object, where the bucket keeps several
    sent: "Sent | None" = None  # what it is made of, where an earlier try may have sent that


@dataclass(frozen=True)
class Sent:
    """Bytes that were sent to their end."""

    bytes: int
    sha256: str
