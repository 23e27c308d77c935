"""A content cut into parts, and what is known of each."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from isal import isal_zlib

MOST = 10_000  # parts of one object


@dataclass(frozen=True)
class Part:
    """A part that the server has confirmed."""

    sha256: str
    etag: str
    crc32: int | None = None  # where it was written down


def cut(chunks: Iterable[bytes], size: int) -> Iterator[bytearray]:
    """Yield the content in pieces of the size; the last one can be shorter, and is never empty."""
    part = bytearray()
    for chunk in chunks:
        left = memoryview(chunk)
        while len(part) + len(left) >= size:
            taken = size - len(part)
            part += left[:taken]
            left = left[taken:]
            yield part
            part = bytearray()
        part += left
    if part:
        yield part


def crc32(data: bytes, before: int = 0) -> int:
    return isal_zlib.crc32(data, before)


def written(checksum: int) -> str:
    """Return a CRC-32 as S3 writes it."""
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def etag_of_parts(etags: list[str]) -> str:
    """Return the ETag that an object of parts with these ones has; nothing for other ETags."""
    if not all(map(is_md5, etags)):
        return ""
    digests = b"".join(map(bytes.fromhex, etags))
    return f"{md5(digests)}-{len(etags)}"


def is_md5(etag: str) -> bool:
    return len(etag) == 32 and all(character in "0123456789abcdef" for character in etag)
