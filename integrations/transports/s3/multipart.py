"""An object sent in parts, several at a time. It appears when all of them are there."""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from integrations.errors import ExportError, PermanentError
from integrations.transports.arrival import Arrival
from integrations.transports.s3.arriving import MARK, Asked
from integrations.transports.s3.bucket import Bucket, is_unknown
from integrations.transports.s3.confirming import (
    check_answered,
    etag_in,
    is_confirmed,
    other,
    silent,
)
from integrations.transports.s3.doubt import arrived, request, settled
from integrations.transports.s3.faults import code_of
from integrations.transports.s3.known import Known, new_token
from integrations.transports.s3.making import give_up, looked_at, with_checksums
from integrations.transports.s3.manner import MEGABYTE, Manner
from integrations.transports.s3.parts import MOST, Part, crc32, etag_of_parts, sha256, written

LANES = 4  # parts on their way at a time; each is in memory
CHECKED = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
UNCHECKED = "The server knows other checksums of large objects: sending {} again without them."
# Codes of refusals by those who know other ones.
MISFITS = ("InvalidPart", "BadDigest", "XAmzContentChecksumMismatch", "InvalidChecksum")
OVER = ("NoSuchUpload", "InvalidPart")  # of refusals by those who make nothing of the upload


class ChecksumsRefused(Exception):
    """The server takes the upload without checksums only, and has been let forget it."""


class Multipart:
    """One upload. Parts that an earlier try or worker got there are not sent again."""

    def __init__(self, bucket: Bucket, key: str, manner: Manner, known: Known):
        self.bucket, self.key, self.manner, self.known = bucket, key, manner, known
        self.delivery = bucket.delivery
        self.place = bucket.place(key)
        self.upload = ""
        self.etags, self.checksums = [], []
        self.size = self.sent = self.checksum = 0
        self.kept = 0  # parts that were there already

    def put(self, pieces: Iterable[bytearray], content: Any) -> Arrival:
        """Send the pieces and make them the object."""
        self.upload = self.begun_before() or self.begin()
        try:
            self.send(pieces)
            if self.kept:
                self.delivery.log(f"Resumed {self.place}: {self.kept} parts were there already.")
            return self.complete(content.digest.hexdigest())
        except ExportError as error:
            if made := self.judge(error):
                return made
            raise

    def again(self, asked: Asked) -> Arrival:
        """Ask once more to make the parts the object. All of them are there."""
        self.delivery.log(f"Asking again to finish {self.place}: all parts are there.")
        self.upload, self.size, self.checksum = asked.upload, asked.size, asked.checksum
        for _, part in self.known.parts_of(self.upload):
            self.etags.append(part.etag)
            self.checksums.append(part.crc32)
        try:
            return self.complete(asked.sha256)
        except ExportError as error:
            if made := self.judge(error):
                return made
            raise

    def judge(self, error) -> Arrival | None:
        """Keep no upload that the server does not make an object of.

        Return the object where that was asked for before, and was done without an answer.
        """
        code, operation = cause_of(error)
        misfit = operation == "CompleteMultipartUpload" and code in MISFITS
        unknown = self.known.checksums and (misfit or is_unknown(error))
        if not (unknown or code in OVER):
            return None
        asked = self.known.is_asked_of(self.upload)
        if asked and (made := settled(self.bucket, self.known, self.key)):
            return made
        self.drop(code)
        if unknown:
            self.known.checksums = False
            self.delivery.log(UNCHECKED.format(self.place))
            raise ChecksumsRefused from error
        return None

    def drop(self, code):
        if code == "NoSuchUpload":
            self.known.ended(self.upload)
        else:
            give_up(self.bucket, self.key, self.upload, self.known)

    def begun_before(self):
        mine = [upload for upload, key in self.known.uploads.items() if key == self.key]
        return mine[-1] if mine else ""

    def begin(self):
        if self.known.asked:
            self.delivery.log(f"{self.place} is not known to be there, so it is sent anew.")
        token = new_token()
        given = self.manner.asked() | {"Key": self.key, "Metadata": {MARK: token}}

        def send(**checksums):
            deed = f"Begin {self.place}"
            return self.bucket.insist("create_multipart_upload", deed, **given, **checksums)

        begun = with_checksums(self.known, send, CHECKED)
        if not begun.get("UploadId"):
            raise silent(f"Begin {self.place}: the answer names no upload, as S3's do.")
        whole = begun.get("ChecksumType") == "FULL_OBJECT"
        self.known.begun(begun["UploadId"], self.key, token, whole=whole)
        self.bucket.tell()
        return begun["UploadId"]

    def send(self, pieces):
        """Send the pieces; no more of them are made while all lanes are taken."""
        with ThreadPoolExecutor(LANES, "s3") as lanes:
            pending = deque()
            for number, piece in enumerate(pieces, 1):
                self.measure(number, piece)
                if len(pending) == LANES:
                    self.take(*pending.popleft())
                pending.append((len(piece), lanes.submit(self.part, number, piece)))
            while pending:
                self.take(*pending.popleft())

    def measure(self, number, piece):
        if number > MOST:
            raise PermanentError(
                f"{self.place} has more than {MOST:,} parts of {self.manner.part // MEGABYTE} MiB.",
                remedy="Set the part size of the export higher.",
            )
        self.size += len(piece)
        self.checksum = crc32(piece, self.checksum)

    def take(self, size, done):
        """Count a part once it is there."""
        etag, checksum = done.result()
        self.etags.append(etag)
        self.checksums.append(checksum)
        self.sent += size
        self.delivery.progress(self.sent)
        self.bucket.tell()

    def part(self, number, piece):
        """Send a part, unless the server has the very same. Return its ETag and checksum."""
        digest, checksum = sha256(piece), crc32(piece)
        before = self.known.parts.get((self.upload, number))
        if before and before.sha256 == digest:
            self.kept += 1
            return before.etag, checksum
        given = {"Key": self.key, "UploadId": self.upload, "PartNumber": number, "Body": piece}
        given |= {"ChecksumCRC32": written(checksum)} if self.known.checksums else {}
        deed = f"Write part {number} of {self.place}"
        answer = self.bucket.insist("upload_part", deed, **given)
        check_answered(answer, deed)
        if not is_confirmed(answer, piece, checksum):
            raise other(f"Part {number} of {self.place}")
        etag = etag_in(answer)
        self.known.confirmed(self.upload, number, Part(digest, etag, checksum))
        return etag, checksum

    def complete(self, sha256):
        """Make the parts the object, once this worker is known to be the one to do it."""
        token = self.known.tokens[self.upload]
        whole = etag_of_parts(self.etags)
        asked = Asked(self.key, token, self.size, self.checksum, whole, self.upload, sha256)
        parts = {"Parts": list(self.parts())}
        given = {"UploadId": self.upload, "MultipartUpload": parts}
        if self.upload in self.known.wholes:
            given |= {"ChecksumCRC32": written(self.checksum), "ChecksumType": "FULL_OBJECT"}
            given["MpuObjectSize"] = self.size
        if made := self.made_late():
            return made
        self.delivery.fence()
        answer = request(self.bucket, self.known, asked, "complete_multipart_upload", **given)
        check_answered(answer, self.place)
        return looked_at(self.bucket, asked, answer, self.known)

    def made_late(self):
        """Return the object of an upload before this one, where it appeared only by now."""
        if not self.known.asked or self.known.is_asked_of(self.upload):
            return None
        if made := arrived(self.bucket, self.known, self.key):
            give_up(self.bucket, self.key, self.upload, self.known)
        return made

    def parts(self):
        """Yield what the server has to find of each part. MinIO asks for its checksum as well."""
        for number, (etag, checksum) in enumerate(zip(self.etags, self.checksums, strict=True), 1):
            tells = self.known.checksums and checksum is not None
            told = {"ChecksumCRC32": written(checksum)} if tells else {}
            yield {"PartNumber": number, "ETag": etag} | told


def cause_of(error):
    """Return the code of the server's answer and to what it was; nothing where there is none."""
    cause = error.__cause__
    return (code_of(cause), cause.operation_name) if isinstance(cause, ClientError) else ("", "")
