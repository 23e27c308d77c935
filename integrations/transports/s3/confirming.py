"""Whether a server has what was sent, by its own word: a checksum, or an ETag that is an MD5."""

from integrations.errors import TransientError
from integrations.transports.s3.parts import is_md5, md5, written

FEW = 3  # retries
REMEDY = "Something on the way or on the server changes data. Ask its operator if this goes on."


def is_confirmed(answer: dict, data: bytes, checksum: int) -> bool:
    """Return whether the server has what was sent, as far as it says what it has."""
    if told := answer.get("ChecksumCRC32"):
        return told == written(checksum)
    etag = etag_in(answer)
    # With a key of KMS the ETag is no MD5, though it looks like one.
    return not is_md5(etag) or bool(answer.get("SSEKMSKeyId")) or etag == md5(data)


def etag_in(answer: dict) -> str:
    return answer.get("ETag", "").strip('"')


def other(place: str) -> TransientError:
    """Return the error to tell where it has something else."""
    return TransientError(
        f"{place}: the server has other bytes than those that were sent.",
        remedy=REMEDY,
        retries=FEW,
    )
