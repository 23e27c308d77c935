"""One object on its way to a bucket: whole, or not at all."""

import time
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from itertools import chain
from typing import Any

from integrations.delivery import Delivery
from integrations.errors import ExportError, Stopped
from integrations.transports.arrival import Arrival
from integrations.transports.s3.account import Account
from integrations.transports.s3.arriving import arrival, is_ours, is_whole
from integrations.transports.s3.bucket import SCHEME, Bucket
from integrations.transports.s3.known import Known
from integrations.transports.s3.making import give_up
from integrations.transports.s3.manner import Manner
from integrations.transports.s3.multipart import ChecksumsRefused, Multipart
from integrations.transports.s3.parts import crc32, cut
from integrations.transports.s3.single import put

CLEARING, LOOKING = 2.0, 10.0  # seconds to come back after a stop, and after a failure


class Upload:
    """The delivery of one object, over all of its tries."""

    host_key = ""

    def __init__(self, account: Account, delivery: Delivery, manner: Manner):
        self.account = account
        self.delivery = delivery
        self.manner = manner
        self.path = ""
        self.known = Known(delivery.journal)

    def deliver(self, path: str, content: Any) -> Arrival:
        """Put the content at the path, s3://BUCKET/KEY."""
        self.path = path
        self.known.recall()
        name, _, key = path.removeprefix(SCHEME).partition("/")
        with Bucket(self.account, name, self.delivery) as bucket:
            if arrived := self.arrived(bucket, key, content):
                return arrived
            self.forget_uploads_of_the_dead(bucket, key, content)
            try:
                return self.put(bucket, key, content)
            except ChecksumsRefused:
                return self.put(bucket, key, content)

    def put(self, bucket, key, content):
        """Send few bytes with one request, and more in parts."""
        pieces = cut(content, self.manner.part)
        first = next(pieces, bytearray())
        if len(first) < self.manner.part:
            return put(bucket, key, first, self.manner, self.known)
        multipart = Multipart(bucket, key, self.manner, self.known)
        return multipart.put(chain([first], pieces), content)

    def forget_uploads_of_the_dead(self, bucket, key, content):
        """Give up what earlier attempts have begun, but for what this one can go on with."""
        for upload, begun_for in list(self.known.uploads.items()):
            if begun_for != key or not content.repeatable:
                give_up(bucket, begun_for, upload, self.known)

    def arrived(self, bucket, key, content=None):
        """Return what an earlier try did deliver, where only the answer to it was lost."""
        asked = self.known.asked
        if not asked or asked.key != key:
            return None
        found = bucket.head(key, checksums=self.known.checksums)
        if not found or not (is_ours(found, asked) and is_whole(found, asked)):
            return None
        if not (asked := measured(asked, content)):
            return None
        self.delivery.log(f"{bucket.place(key)} had arrived: only the server's answer was lost.")
        self.known.done()
        return arrival(bucket.place(key), found, asked)

    def found(self) -> Arrival | None:
        """Look once more, for a short time, whether the object is there after all."""
        if not self.known.asked:
            return None
        with suppress(ExportError, Stopped), self.errand(after_stop=0) as bucket:
            return self.arrived(bucket, self.known.asked.key)

    def clear(self) -> None:
        """Come back once more, for a short time, to have the server forget what it has."""
        if not self.known.uploads or not self.delivery.held():
            return
        with suppress(ExportError, Stopped), self.errand(after_stop=CLEARING) as bucket:
            for upload, key in list(self.known.uploads.items()):
                bucket.abort(key, upload)
                self.known.ended(upload)

    def errand(self, *, after_stop):
        """Return the bucket for a visit that is given up soon, and sooner after a stop."""
        ends = time.monotonic() + LOOKING

        def over():
            nonlocal ends
            if self.delivery.stopped():
                ends = min(ends, time.monotonic() + after_stop)
            return time.monotonic() >= ends

        name = self.path.removeprefix(SCHEME).partition("/")[0]
        delivery = replace(self.delivery, stopped=over)
        return Bucket(replace(self.account, timeout=LOOKING), name, delivery)


def measured(asked, content):
    """Return what was asked for with its SHA-256; nothing where that cannot be told any more."""
    if asked.sha256:
        return asked
    if not content or not content.repeatable:
        return None
    checksum = reduce(lambda before, chunk: crc32(chunk, before), content, 0)
    same = (content.bytes, checksum) == (asked.size, asked.checksum)
    return replace(asked, sha256=content.digest.hexdigest()) if same else None
