"""Whether a server has what was sent, by its own word: a checksum, or an ETag that is an MD5."""

from integrations.errors import TransientError
from integrations.transports.s3.parts import is_md5, md5, written

FEW = 3  # retries
NO_S3 = (
    "Check the endpoint of the authentication. If it is right, something on the way, such as a "
    "proxy, answers in the server's place."
)
REMEDY = "Something on the way or on the server changes data. Ask its operator if this goes on."


def is_confirmed(answer: dict, data: bytes, checksum: int) -> bool:
    """Return whether the server has what was sent, as far as it says what it has."""
    if told := answer.get("ChecksumCRC32"):
        return told == written(checksum)
    etag = etag_in(answer)
    # With a key of KMS the ETag is no MD5, though it looks like one.
    return not is_md5(etag) or bool(answer.get("SSEKMSKeyId")) or etag == md5(data)


def check_answered(answer: dict, place: str) -> None:
    """Raise TransientError where nothing tells that a server has what was sent."""
    if not answer.get("ChecksumCRC32") and not etag_in(answer):
        raise silent(f"{place}: the answer says neither a checksum nor an ETag, as S3's do.")


def silent(told: str) -> TransientError:
    """Return the error for an answer that is none of an S3 server."""
    return TransientError(told, remedy=NO_S3, retries=FEW)


def etag_in(answer: dict) -> str:
    return answer.get("ETag", "").strip('"')


def other(place: str) -> TransientError:
    """Return the error to tell where it has something else."""
    return TransientError(
        f"{place}: the server has other bytes than those that were sent.",
        remedy=REMEDY,
        retries=FEW,
    )
