"""One object on its way to a bucket: whole, or not at all."""

import time
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Any

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, Stopped
from integrations.transports.arrival import Arrival
from integrations.transports.s3.account import Account
from integrations.transports.s3.bucket import SCHEME, Bucket
from integrations.transports.s3.doubt import arrived, doubted, maybe, seen
from integrations.transports.s3.known import Known
from integrations.transports.s3.making import give_up
from integrations.transports.s3.manner import Manner
from integrations.transports.s3.multipart import ChecksumsRefused, Multipart
from integrations.transports.s3.parts import cut
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
        self.known = Known(delivery.journal, delivery.job)
        self.failed = Stopped()  # what ended the last try
        self.word = ""  # that the object is there, or may be

    def deliver(self, path: str, content: Any) -> Arrival:
        """Put the content at the path, s3://BUCKET/KEY."""
        self.path = path
        self.known.recall()
        name, _, key = path.removeprefix(SCHEME).partition("/")
        with Bucket(self.account, name, self.delivery) as bucket:
            try:
                return self.one_try(bucket, key, content)
            except PermanentError as error:
                self.failed = error
                if found := self.found():
                    return found
                raise
            except (ExportError, Stopped) as error:
                self.failed = error
                raise

    def one_try(self, bucket, key, content):
        if found := arrived(bucket, self.known, key, content):
            return found
        try:
            return self.finished(bucket, key) or self.sent(bucket, key, content)
        except ChecksumsRefused:
            return self.sent(bucket, key, content)

    def finished(self, bucket, key):
        """Ask again for what nobody may look at, so that nothing is sent that may be there."""
        asked = self.known.asked
        if not (asked and self.known.untold and asked.key == key and asked.sha256):
            return None
        if asked.upload not in self.known.uploads:  # One request, or what a person asks for anew.
            return None
        return Multipart(bucket, key, self.manner, self.known).again(asked)

    def sent(self, bucket, key, content):
        self.forget_uploads_of_the_dead(bucket, key, content)
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

    def found(self) -> Arrival | None:
        """Look once more, for a short time, whether the object is there after all.

        Raise the error of the last try with a word more where nobody knows.
        """
        if not (asked := self.known.asked):
            return None
        with suppress(ExportError, Stopped), self.errand(after_stop=0) as bucket:
            if found := arrived(bucket, self.known, asked.key):
                return found
        if self.known.untold:
            raise doubted(self.failed, self.path, self.known)
        return None

    def clear(self) -> None:
        """Come back once more, for a short time, to have the server forget what it has.

        An upload that can be the object already is kept: with it a later attempt finds out.
        """
        if not self.known.uploads or not self.delivery.held():
            return
        with suppress(ExportError, Stopped), self.errand(after_stop=CLEARING) as bucket:
            kept = self.in_doubt(bucket)
            for upload, key in list(self.known.uploads.items()):
                if upload != kept:
                    bucket.abort(key, upload)
                    self.known.ended(upload)

    def in_doubt(self, bucket):
        """Return the upload whose object may be there, and say so; nothing where it is not."""
        if not (asked := self.known.asked):
            return ""
        there = None
        with suppress(ExportError, Stopped):
            there = seen(bucket, self.known, asked.key)
        if not there and not self.known.untold:
            return ""
        told = f"{self.path} is there: it was made without an answer."
        self.word = told if there else maybe(self.path, self.known)
        return asked.upload

    def doubt(self) -> str:
        """Return what may be there though the delivery failed, where its error does not say so."""
        return "" if self.failed.may_be_there else self.word

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
