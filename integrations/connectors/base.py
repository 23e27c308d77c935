"""What a connector is, and what all connectors that write files share."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

from integrations.connectors.content import Content
from integrations.connectors.remote_name import BadName, check_path, with_part
from integrations.connectors.retry import retrying
from integrations.contract import Rule, sift
from integrations.delivery import Delivery
from integrations.encoders import caution, encoded_size
from integrations.errors import ExportError, PermanentError, TransientError
from integrations.formats import write_rows
from integrations.rows import Rows
from integrations.rows.changed import Changed
from integrations.rows.joined import Joined
from integrations.transports.arrival import Arrival, Sent

NONE_SOUND = "each of the rows was rejected; they are tried again with the next run."
NO_ROWS = "the result has no rows, and the export is set to skip empty results."


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


@dataclass(frozen=True)
class Step:
    """One step of a connection test."""

    name: str  # resolve, connect, host key, log in, directory, write, rename, delete
    outcome: str  # passed, failed, skipped
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Share:
    """What an export wants of the requests that a receiver's account takes at the same time."""

    account: str  # the same for all exports that share them, whatever their authentication
    most: int
    wanted: int


class Connector:
    """A destination: what it asks of the user, and how rows get there."""

    name: str
    label: str
    description: str = ""
    category: str = ""
    Authentication: type
    Export: type
    # How a --result may differ from the two forms. All are applied before the forms check it.
    aliases: dict[str, str] = {}  # other spellings of a key -> the field
    blocks: dict[str, dict[str, str]] = {}  # nested object -> its keys that are named otherwise
    json_defaults: dict = {}  # field -> value where the key is absent and the form's differs
    # The secrets of its authentication that are a private SSH key and its passphrase, if any.
    key_pair: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()  # what export() loads; workers have it before the first job
    contract: tuple[Rule, ...] = ()  # what its receiver asks of the rows
    limits: tuple[str, ...] = ()  # what else its receiver does not take, as sentences
    example_query: str = ""  # whose result holds to the contract
    previewed = "what is sent"  # what is shown the beginning of before it is delivered
    tested: str = ""  # what test() does, as a sentence
    logs_in_as = "username"  # the setting of the authentication that tells who it is
    goes_out = True  # whether it connects to somebody else's servers
    # The last column of the file in which its receiver hands back rows that it did not take.
    failure_column: str = ""
    # Settings of the authentication that tell whose account on which server it leads to: no
    # secrets, since a new one leads to the same.
    whose: tuple[str, ...] = ()
    place: tuple[str, ...] = ()  # settings of the export that tell where the rows go
    splits = False  # whether rows can be sent in parts, each to a file of its own
    in_parts = False  # whether a run that fails can have delivered some of the rows
    resends = False  # whether each delivery adds to what its receiver has, whatever the names
    do_not_call_in_templates = True  # Templates list the classes.

    def __init__(self, authentication: dict, settings: dict | None = None):
        self.authentication = authentication
        self.settings = settings or {}

    def deliver(self, rows: Rows, delivery: Delivery) -> Receipt:
        """Export the rows that hold to the contract. A run that delivers none of its rows fails."""
        return self.deliver_parts([(rows, delivery)])

    def deliver_parts(self, parts: list[tuple[Rows, Delivery]]) -> Receipt:
        """Deliver parts of a result, each with a delivery that names it. All are checked first."""
        skip, several = bool(self.settings.get("skip_invalid")), len(parts) > 1
        checked = []
        for rows, delivery in parts:
            around = replace(delivery, whole=False) if several else delivery
            sound = sift(rows, self.contract, self.settings, around, skip=skip)
            checked.append((sound, rows.count, delivery))
        parts[0][1].sending(Joined([(sound, given) for sound, given, _ in checked]))
        return judged(
            joined([self.export_sound(*each) for each in checked]),
            sum(rows.count for rows, _ in parts),
            whole=parts[0][1].whole,
        )

    def export_sound(self, rows: Rows, given: int, delivery: Delivery) -> Receipt:
        """Export what is left of so many rows, if anything is."""
        nothing = Receipt(rows=0, bytes=0)
        receipt = nothing if given and not rows.count else self.export(rows, delivery)
        return replace(receipt, rejected=delivery.rejects.count)

    def export(self, rows: Rows, delivery: Delivery) -> Receipt:
        """Export rows. Raise ExportError where that fails, Stopped where it was ended."""
        raise NotImplementedError

    def skipped(self, delivery: Delivery) -> Receipt | None:
        """Return the receipt of nothing, where an empty result is not to be sent."""
        wanted = self.settings.get("empty_result", "send")
        if wanted == "fail":
            raise PermanentError(
                "The result has no rows, and this export is set to fail then. Nothing was sent.",
                remedy="See whether the query and its tables are as they should be. "
                "What to do with no rows is the setting 'Empty result' of the export.",
            )
        if wanted == "send":
            return None
        delivery.log(f"Nothing is sent: {NO_ROWS}")
        return Receipt(rows=0, bytes=0, skipped=NO_ROWS)

    def identifiers(self) -> dict[str, str]:
        """Return which columns are identifiers to the receiver, by name, whatever its capitals.

        Each has one of the types of `console.deliveries`. Names that tell by themselves, such as
        email, need not be there.
        """
        return {}

    def columns_sent(self, names: list[str]) -> list[str]:
        """Return which columns of a result are sent."""
        return names

    def replaced(self) -> str:
        """Return what the rows of each run take the place of as a whole, or nothing."""
        return ""

    def adds(self) -> bool:
        """Return whether rejects can be sent later without replacing what was delivered."""
        return self.resends

    def target(self) -> tuple[str, str, str] | None:
        """Return database, table and mode where rows go to a table of the console."""
        return None

    def address(self) -> str:
        """Return where the authentication leads, for the receipt; nothing for the console."""
        given = self.authentication
        return f"{given['host']}:{given['port']}" if "host" in given else ""

    def share(self) -> Share | None:
        """Return what of the account's requests it wants, where these are counted."""
        return None

    def account(self) -> dict:
        """Return what tells the account that the authentication leads to from others."""
        return {name: self.authentication.get(name) for name in self.whose}

    def so_far(self, entries: list[dict], rows: int) -> str:
        """Return how many of the rows a job that failed has delivered, as the journal has it."""
        return ""

    def reached(self, entries: list[dict], left_out: int) -> int | None:
        """Return the number of the row from which on none was sent, as the journal has it.

        So many rows were left out before the first was sent. None: that cannot be told.
        """
        return None

    def test(self, delivery: Delivery) -> Iterator[Step]:
        """Try the authentication, a step at a time; after a failed step the rest are skipped."""
        raise NotImplementedError


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


def walk(steps: Iterable[tuple[str, Callable[[], str]]]) -> Iterator[Step]:
    """Yield the steps as they are taken. Each is a function that returns a detail or raises."""
    failed = False
    for name, take in steps:
        if failed:
            yield Step(name, "skipped")
            continue
        try:
            yield Step(name, "passed", take())
        except ExportError as error:
            failed = True
            yield Step(name, "failed", str(error), error.remedy)


class Destination(Protocol):
    """Where a transport puts files. It lives as long as the export, over all of its tries."""

    host_key: str  # of the server, once met; empty where there is none

    def deliver(self, path: str, content: Content) -> Arrival:
        """Put the whole content at the path, or nothing.

        A further call is a further try, and finishes what an earlier one left behind.
        """

    def found(self) -> Arrival | None:
        """After a last failed try, return what deliver() would, where the file is there after all.

        That is so when only the answer to the last request was lost.
        """

    def clear(self) -> None:
        """Remove what a failed delivery left behind, as far as that is possible."""


def one_try(destination, path, content):
    with closing(content):
        content.begin()
        return destination.deliver(path, content)


def all_tries(destination, path, content, limit):
    """Deliver the content, with retries, and look once more before giving up."""
    try:
        return retrying(lambda: one_try(destination, path, content), limit, content.delivery)
    except TransientError:
        if found := destination.found():
            return found
        raise


def delivered(arrival, content, rows):
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


class FileConnector(Connector):
    """A destination of files."""

    previewed = "the file"
    splits = True
    imports = ("integrations.rows.parquet", "integrations.formats.delimited", "gnupg")

    def export(self, rows: Rows, delivery: Delivery) -> Receipt:
        """Write the rows as one file, which appears at the destination only when it is whole."""
        if not rows.count and (receipt := self.skipped(delivery)):
            return receipt
        began = time.monotonic()
        if warning := caution(self.file_settings()):
            delivery.log(warning)
        content = Content(self.prepared(rows), self.file_settings(), delivery)
        file, host_key = self.put(self.path_of_part(delivery), content, rows.count)
        return Receipt(
            rows=rows.count,
            bytes=file.bytes,
            files=[file],
            host_key=host_key,
            seconds=round(time.monotonic() - began, 3),
        )

    def put(self, path: str, content: Content, rows: int) -> tuple[DeliveredFile, str]:
        """Put one file at the destination, with all the tries it may have.

        Return the file, which holds so many rows, and the host key of the server.
        """
        destination = self.destination(content.delivery)
        try:
            arrival = all_tries(destination, path, content, self.retry_limit())
        finally:
            destination.clear()
        return delivered(arrival, content, rows), destination.host_key

    def file_settings(self) -> dict:
        """Return the settings of the file's format and encoder; mostly those of the export."""
        return self.settings

    def prepared(self, rows: Rows) -> Rows | Changed:
        """Return the rows as the file has them, which is what is written and what is previewed."""
        return rows

    def preview(self, rows: Rows, limit: int = 4096) -> bytes:
        """Return the first bytes of the very file, before it is encoded."""
        start = b""
        with closing(write_rows(self.prepared(rows), self.file_settings())) as chunks:
            for chunk in chunks:
                start += chunk
                if len(start) >= limit:
                    break
        return start[:limit]

    def encoded_size(self, start: bytes) -> int | None:
        """Return what size a preview is once it is encoded, where that is quickly found."""
        return encoded_size(start, self.file_settings())

    def path_of_part(self, delivery: Delivery) -> str:
        """Return the name of the file; that of a part has its name before the ending."""
        path = self.path(delivery)
        if not delivery.part:
            return path
        try:
            path = with_part(path, delivery.part)
            self.check_path(path)
        except BadName as error:
            raise PermanentError(
                f"The name of the file cannot have -{delivery.part} added. {error}",
                remedy="Give the file a shorter name in the export.",
            ) from None
        return path

    def adds(self):
        """A file with the number of its job in its name replaces no other."""
        if self.resends:
            return True
        try:
            return self.path(Delivery(number="1")) != self.path(Delivery(number="2"))
        except PermanentError:  # Settings can be older than the rules.
            return False

    def check_path(self, path: str) -> None:
        """Raise BadName where the path cannot be that of a file at the destination."""
        check_path(path)

    def path(self, delivery: Delivery) -> str:
        """Return the name of the file at the destination."""
        raise NotImplementedError

    def destination(self, delivery: Delivery) -> Destination:
        """Return where to deliver to; nothing is connected yet."""
        raise NotImplementedError

    def retry_limit(self) -> int:
        """Return how often to try again after a transient error."""
        raise NotImplementedError
