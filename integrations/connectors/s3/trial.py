"""The test of an S3 connection: the steps of an export, with an object of a few bytes."""

import posixpath
import secrets
from collections.abc import Iterator
from contextlib import suppress

from integrations.connectors.base import Step, walk
from integrations.delivery import Delivery
from integrations.errors import ExportError, Stopped, TransientError
from integrations.transports.s3 import Account, Bucket, reaching

PROBE = b"A connection test wrote this object and removes it again.\n"


class Trial:
    """One test. Whatever it leaves in the bucket is removed at the end."""

    def __init__(self, account: Account, delivery: Delivery):
        self.account, self.delivery = account, delivery
        self.bucket = None
        self.left = ""

    def steps(self, path: str) -> Iterator[Step]:
        """Yield the steps. Where a path is known, an object is written beside it."""
        name, _, key = path.removeprefix("s3://").partition("/")
        folder = posixpath.dirname(key)
        try:
            yield from walk(
                (
                    ("resolve", lambda: self.resolve(name)),
                    ("connect", self.connect),
                    ("sign in", self.sign_in),
                    *(self.deeds(folder) if name else ()),
                )
            )
        finally:
            self.close()

    def deeds(self, folder):
        return (
            ("write", lambda: self.write(folder)),
            ("read back", self.read_back),
            ("delete", self.delete),
        )

    def resolve(self, name):
        self.bucket = Bucket(self.account, name, self.delivery)
        return reaching.resolve(self.bucket)

    def connect(self):
        return reaching.connect(self.bucket)

    def sign_in(self):
        return reaching.sign_in(self.bucket)

    def write(self, folder):
        key = posixpath.join(folder, f"connection-test-{secrets.token_hex(8)}.tmp")
        self.left = key
        self.bucket.write(key, PROBE)
        return f"{len(PROBE)} bytes to {self.bucket.place(key)}"

    def read_back(self):
        if (found := self.bucket.head(self.left)) == {}:
            return "the access key may write, and not look at what it wrote; exports do without"
        if not found or self.bucket.read(self.left) != PROBE:
            raise TransientError(
                f"{self.bucket.place(self.left)} is not what was written.",
                remedy="Ask the server's operator, or try again.",
            )
        return "the same bytes"

    def delete(self):
        key, self.left = self.left, ""
        try:
            self.bucket.remove(key)
        except ExportError as error:
            return f"not done, so {self.bucket.place(key)} stays. {error} Exports do without"
        return self.bucket.place(key)

    def close(self):
        if self.left:
            with suppress(ExportError, Stopped):
                self.bucket.remove(self.left)
        if self.bucket:
            self.bucket.sender.close()
