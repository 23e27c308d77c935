"""An object that a server was asked to make without an answer: there, not there, or unknown."""

import time
from dataclasses import replace
from functools import reduce
from typing import Any

from botocore.exceptions import ClientError

from integrations.errors import ExportError, PermanentError
from integrations.transports.arrival import Arrival
from integrations.transports.s3.arriving import Asked, arrival, is_ours, is_whole
from integrations.transports.s3.bucket import Bucket
from integrations.transports.s3.faults import status_of
from integrations.transports.s3.known import Known
from integrations.transports.s3.parts import crc32

SETTLING = 10.0  # seconds in which the object of an upload that is over may still appear
BETWEEN = 0.5  # seconds between looks
UNDECIDED = (408, 409)  # statuses of servers that may be at it
MAYBE = "{} may be there: the server was asked to make it and did not answer, {}."
NOT_SHOWN = "and the account may not look at it"
NOT_SEEN = "and could not be asked since"
OVER = f"{NOT_SHOWN}. By now the server knows nothing of the upload"
REMEDY = (
    "Let somebody look in the bucket. If it is not there, retry the job: it is sent anew then. An "
    "account with the right to read it (s3:GetObject) lets a retry find it by itself."
)


def seen(bucket: Bucket, known: Known, key: str) -> dict | None:
    """Return what the server shows of the object that it was asked for, if it is there whole."""
    asked = known.asked
    if not asked or asked.key != key:
        return None
    known.untold = NOT_SEEN
    found = bucket.head(key, checksums=known.checksums)
    known.untold = NOT_SHOWN if found == {} else ""
    return found if found and is_ours(found, asked) and is_whole(found, asked) else None


def arrived(bucket: Bucket, known: Known, key: str, content: Any = None) -> Arrival | None:
    """Return what an earlier try did deliver, where only the answer to it was lost."""
    found = seen(bucket, known, key)
    if not found or not (asked := measured(known.asked, content)):
        return None
    bucket.delivery.log(f"{bucket.place(key)} had arrived: only the server's answer was lost.")
    known.done()
    return arrival(bucket.place(key), found, asked)


def settled(bucket: Bucket, known: Known, key: str) -> Arrival | None:
    """Return the object of an upload that is over, which a server may still be at work on.

    PermanentError: nobody may look, so that nobody knows. It is not to be sent twice for that.
    """
    deadline = time.monotonic() + SETTLING
    while not (found := arrived(bucket, known, key)) and time.monotonic() < deadline:
        bucket.pause(BETWEEN)
    if not found and known.untold:
        known.unsure()
        raise unsure(bucket.place(key))
    return found


def maybe(place: str, known: Known) -> str:
    """Say that the object may be there, and why nobody knows."""
    return MAYBE.format(place, known.untold)


def unsure(place: str) -> PermanentError:
    """Return the error for an object of which nothing more can be found out."""
    error = PermanentError(MAYBE.format(place, OVER), remedy=REMEDY)
    error.may_be_there = True
    return error


def doubted(error: ExportError, place: str, known: Known) -> ExportError:
    """Return the error with the word that the object may be there all the same."""
    if not error.may_be_there:
        error.remedy = f"{maybe(place, known)} {error.remedy}".strip()
        error.may_be_there = True
    return error


def request(bucket: Bucket, known: Known, asked: Asked, operation: str, **given) -> dict:
    """Return the answer to the request that makes the object.

    What is refused is not there, unless there was no answer to the same request before.
    """
    unanswered = known.is_asked_of(asked.upload)
    known.ask(asked)
    verb = "Finish" if asked.upload else "Write"
    try:
        return bucket.ask(operation, f"{verb} {bucket.place(asked.key)}", Key=asked.key, **given)
    except ExportError as error:
        if not unanswered and is_refusal(error):
            known.refused()
        raise


def is_refusal(error: ExportError) -> bool:
    """Return whether the server has not done, and will not do, what it was asked."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return not getattr(error, "unanswered", False)
    status = status_of(cause)
    return status == 501 or (300 <= status < 500 and status not in UNDECIDED)


def measured(asked: Asked, content: Any) -> Asked | None:
    """Return what was asked for with its SHA-256; nothing where that cannot be told any more."""
    if asked.sha256:
        return asked
    if not content or not content.repeatable:
        return None
    checksum = reduce(lambda before, chunk: crc32(chunk, before), content, 0)
    same = (content.bytes, checksum) == (asked.size, asked.checksum)
    return replace(asked, sha256=content.digest.hexdigest()) if same else None
