"""What was delivered, as a connector tells it."""

from dataclasses import dataclass, field, replace

from integrations.connectors.content import Content
from integrations.errors import PermanentError
from integrations.transports.arrival import Arrival, Sent

NONE_SOUND = "each of the rows was rejected; they are tried again with the next run."


@dataclass(frozen=True)
class DeliveredFile:
    """One file as it stands at the destination."""

    path: str
    bytes: int
    sha256: str
    # What the server says; None or blank where it will not tell.
    remote_bytes: int | None = None
    remote_modified: str = ""  # ISO 8601, by its clock
    remote_permissions: str = ""  # rw-r--r--
    remote_checksum: str = ""  # sha256:…, made by the server and the same as that of what was sent
    remote_etag: str = ""  # of an object
    remote_version: str = ""  # of an object in a bucket that keeps versions
    rows: int = 0


@dataclass(frozen=True)
class Receipt:
    """What was delivered."""

    rows: int
    bytes: int
    files: list[DeliveredFile] = field(default_factory=list)
    host_key: str = ""  # SHA256:… of the server
    seconds: float = 0.0
    skipped: str = ""  # why nothing was sent
    summary: str = ""  # what was delivered, as a sentence, where that is not files
    rejected: int = 0  # rows that were not delivered or may not have been, each with a reason


def joined(receipts: list[Receipt]) -> Receipt:
    """Return the receipt of several deliveries that make one."""
    if len(receipts) == 1:
        return receipts[0]
    return Receipt(
        rows=sum(each.rows for each in receipts),
        bytes=sum(each.bytes for each in receipts),
        files=[file for each in receipts for file in each.files],
        host_key=next((each.host_key for each in receipts if each.host_key), ""),
        seconds=round(sum(each.seconds for each in receipts), 3),
        summary=" ".join(dict.fromkeys(each.summary for each in receipts if each.summary)),
        rejected=sum(each.rejected for each in receipts),
    )


def judged(receipt: Receipt, given: int, *, whole: bool) -> Receipt:
    """Return the receipt. Raise PermanentError where none of all the rows was taken."""
    if not given or receipt.rows or receipt.rejected < given:
        return receipt
    if whole:
        raise PermanentError(
            f"None of the {given:,} rows was taken: all were rejected.",
            remedy="The page of the job lists the rows with the reason of each.",
        )
    why = "" if receipt.files or receipt.summary else NONE_SOUND
    return replace(receipt, skipped=receipt.skipped or why)


def delivered(arrival: Arrival, content: Content, rows: int) -> DeliveredFile:
    """Return a file of so many rows as it arrived."""
    # A try that finds what an earlier one sent has not read the content to its end.
    sent = arrival.sent or Sent(content.bytes, content.digest.hexdigest())
    return DeliveredFile(
        path=arrival.path,
        bytes=sent.bytes,
        sha256=sent.sha256,
        remote_bytes=arrival.bytes,
        remote_modified=arrival.modified,
        remote_permissions=arrival.permissions,
        remote_checksum=arrival.checksum,
        remote_etag=arrival.etag,
        remote_version=arrival.version,
        rows=rows,
    )
