"""The request that makes an object visible, and a look at what became of it."""

from contextlib import suppress

from integrations.errors import ExportError
from integrations.transports.arrival import Arrival
from integrations.transports.s3.arriving import Asked, arrival, is_ours, is_whole, version_in
from integrations.transports.s3.bucket import Bucket, is_unknown
from integrations.transports.s3.confirming import other
from integrations.transports.s3.known import Known


def with_checksums(known: Known, send, checksums: dict) -> dict:
    """Return send(checksums), or send() where the server says that it does not know of them."""
    if known.checksums:
        try:
            return send(**checksums)
        except ExportError as error:
            if not is_unknown(error):
                raise
            known.checksums = False
    return send()


def give_up(bucket: Bucket, key: str, upload: str, known: Known) -> None:
    """Let the server forget an upload. Where it does not, this job goes on without it."""
    try:
        bucket.abort(key, upload)
    except ExportError as error:  # Many accounts may write, and not take back.
        known.forget(upload)
        bucket.delivery.log(f"{error} Its parts stay, and the export goes on.")
    else:
        known.ended(upload)
        bucket.delivery.log(f"Gave up an upload of {bucket.place(key)} begun earlier.")


def looked_at(bucket: Bucket, asked: Asked, answer: dict, known: Known) -> Arrival:
    """Return what the server says of the object that it has made. Raise where it is not whole."""
    place = bucket.place(asked.key)
    found = shown(bucket, asked, answer, known)
    if not is_ours(found, asked):
        found = {}  # Somebody has replaced it since, or it is not shown.
    elif not is_whole(found, asked):
        damaged(bucket, asked, answer, known)
    known.done()
    return arrival(place, answer | found, asked)


def damaged(bucket: Bucket, asked: Asked, answer: dict, known: Known) -> None:
    """Remove an object that is not what was sent, and raise."""
    known.refused()
    with suppress(ExportError):  # Many accounts may write, and not remove.
        bucket.delivery.fence()
        bucket.remove(asked.key, version_in(answer))
    raise other(bucket.place(asked.key))


def shown(bucket, asked, answer, known):
    """Return the server's look at the object; nothing where it does not show it."""
    try:
        version = version_in(answer)
        return bucket.head(asked.key, version, checksums=known.checksums) or {}
    except ExportError as error:
        # The object is there: from here on nothing makes the delivery fail.
        bucket.delivery.log(f"{error} The object was made, and is not looked at again.")
        return {}
