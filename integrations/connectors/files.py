"""What all connectors that write files share: one file, put there by all the tries it takes."""

import time
from contextlib import closing
from typing import Protocol

from integrations.connectors.base import Connector
from integrations.connectors.content import Content
from integrations.connectors.few_rows import FewRows
from integrations.connectors.receipt import DeliveredFile, Receipt, delivered
from integrations.connectors.remote_name import BadName, as_test, check_path, with_part
from integrations.connectors.retry import retrying
from integrations.delivery import Delivery
from integrations.encoders import caution, encoded_size
from integrations.errors import ExportError, PermanentError, TransientError
from integrations.formats import write_rows
from integrations.rows import Rows
from integrations.rows.changed import Changed
from integrations.transports.arrival import Arrival

# What a test does where a file is looked at by whoever it is for, and by nothing else.
BESIDE = FewRows(
    "One file with the first five rows is written into the same folder, under a name of its own "
    "that begins with test-. It replaces nothing, and stays there: who takes every file of that "
    "folder as data takes this one too."
)


class Destination(Protocol):
    """Where a transport puts files. It lives as long as the export, over all of its tries."""

    host_key: str  # of the server, once met; empty where there is none

    def deliver(self, path: str, content: Content) -> Arrival:
        """Put the whole content at the path, or nothing.

        A further call is a further try, and finishes what an earlier one left behind.
        """

    def found(self) -> Arrival | None:
        """After a last failed try, return what deliver() would, where the file is there after all.

        That is so when only the answer to the last request was lost. Where nobody can know, the
        error of that try is raised with words that say so.
        """

    def clear(self) -> None:
        """Remove what a failed delivery left behind, as far as that is possible."""

    def doubt(self) -> str:
        """After clear() of a failed delivery, tell what is or may be there all the same, if any."""


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


def tell(doubt, error, delivery):
    """Say with an error that the file may be there all the same."""
    if not doubt:
        return
    error.may_be_there = True
    if isinstance(error, ExportError):
        error.remedy = f"{error.remedy} {doubt}".strip()
    else:
        delivery.log(doubt)


class FileConnector(Connector):
    """A destination of files."""

    previewed = "the file"
    splits = True
    adding = "whose file has {job} in its name"
    test_prefix = "test-"  # of the file of a test; the number of its job follows
    imports = ("integrations.rows.parquet", "integrations.formats.delimited", "gnupg")

    def export(self, rows: Rows, delivery: Delivery) -> Receipt:
        """Write the rows as one file, which appears at the destination only when it is whole."""
        if not rows.count and (receipt := self.skipped(delivery)):
            return receipt
        began = time.monotonic()
        if warning := caution(self.file_settings(), delivery.check):
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
        except BaseException as error:
            destination.clear()
            tell(destination.doubt(), error, content.delivery)
            raise
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
        """Return the name of the file; that of a part has its name before the ending.

        That of a test begins with what tells it from all others.
        """
        path, added = self.path(delivery), []
        try:
            if delivery.part:
                added.append(f"-{delivery.part}")
                path = with_part(path, delivery.part)
            if delivery.test:
                added.append(self.test_prefix)
                path = as_test(path, self.test_prefix, delivery.number)
            if added:
                self.check_path(path)
        except BadName as error:
            raise PermanentError(
                f"The name of the file cannot have {' and '.join(added)} added. {error}",
                remedy="Give the file a shorter name in the export.",
            ) from None
        return path

    def adds(self):
        """A file with the number of its job in its name replaces no other."""
        if self.resends:
            return True
        try:
            return self.path(Delivery(number="1")) != self.path(Delivery(number="2"))
        except (PermanentError, KeyError):  # Settings can be older than the rules.
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
