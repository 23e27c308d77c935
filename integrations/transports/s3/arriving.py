"""How an object that was asked for is known again, and what its server says of it."""

from dataclasses import dataclass

from integrations.transports.arrival import Arrival, Sent
from integrations.transports.s3.confirming import etag_in
from integrations.transports.s3.parts import is_md5, written

MARK = "console-upload"  # the metadata that tells whose object it is


@dataclass(frozen=True)
class Asked:
    """An object that a server was asked to make."""

    key: str
    token: str
    size: int
    checksum: int  # CRC-32
    etag: str = ""  # that the object has by what is in it, where the server makes such ones
    upload: str = ""  # whose parts it is made of
    sha256: str = ""  # blank where an older version of the console wrote it down


def is_ours(found: dict, asked: Asked) -> bool:
    """Return whether what the server shows is the object that was asked for, whole or not."""
    return found.get("Metadata", {}).get(MARK) == asked.token


def is_whole(found: dict, asked: Asked) -> bool:
    """Return whether it is so by its size, and its checksum or ETag where it has one.

    Of an object of parts each was confirmed by itself. Its ETag is what the server makes of theirs,
    which is not always what S3 makes: it can confirm, and says nothing against it.
    """
    if found.get("ContentLength") != asked.size:
        return False
    if told := found.get("ChecksumCRC32"):
        return told == written(asked.checksum) or is_composite(told)
    plain = not asked.upload and not found.get("SSEKMSKeyId") and is_md5(etag_in(found))
    return not (plain and asked.etag) or etag_in(found) == asked.etag


def is_composite(checksum: str) -> bool:
    """Return whether it is one of the checksums of the parts, such as zq2+7w==-3."""
    return "-" in checksum


def arrival(place: str, told: dict, asked: Asked) -> Arrival:
    """Return what the server says of the object in words that can be kept."""
    modified = told.get("LastModified")
    return Arrival(
        path=place,
        bytes=told.get("ContentLength"),
        modified=modified.isoformat() if modified else "",
        checksum=word(told, asked),
        etag=etag_in(told),
        version=version_in(told),
        sent=Sent(asked.size, asked.sha256),
    )


def version_in(told: dict) -> str:
    """Return the version of an object; nothing in a bucket that keeps one of each."""
    version = told.get("VersionId", "")
    return "" if version == "null" else version


def word(told, asked):
    """Return the checksum that the server has for the object and that is ours; else nothing."""
    if told.get("ChecksumCRC32") == written(asked.checksum):
        return f"crc32:{asked.checksum:08x}"
    if asked.etag and etag_in(told) == asked.etag:
        return f"md5:{asked.etag}"
    return ""
