"""The keys that identifiers are hashed with: kept in the database, sealed like credentials."""

import hashlib
import secrets
from collections.abc import Iterable, Iterator

from django.db import transaction

from console.models import LogKey
from integrations.secrets import SecretUnreadable

SIZE = 32  # bytes of a key
KEPT = 8  # bytes that are kept of a hash
BLOCK = 64  # bytes that SHA-256 takes at a time


class LogKeyUnreadable(SecretUnreadable):
    """No encryption key opens a key of the log."""


class Keyed:
    """Hashes with one key: the first eight bytes of HMAC-SHA-256."""

    def __init__(self, key: bytes):
        # As RFC 2104 says. What both hashes begin with is worked in once and not for each value:
        # twice as fast as the library.
        padded = key.ljust(BLOCK, b"\0")
        inner, outer = (bytes(byte ^ mask for byte in padded) for mask in (0x36, 0x5C))
        self.blocks = inner + outer
        self.inner, self.outer = hashlib.sha256(inner), hashlib.sha256(outer)

    def of(self, digest: bytes) -> bytes:
        """Return the keyed hash of an identifier, which is given as its SHA-256."""
        [whole] = self.whole([digest])
        return whole[:KEPT]

    def whole(self, digests: Iterable[bytes]) -> Iterator[bytes]:
        """Yield all bytes of the keyed hashes."""
        inner, outer = self.inner.copy, self.outer.copy
        for digest in digests:
            first, second = inner(), outer()
            first.update(digest)
            second.update(first.digest())
            yield second.digest()


def current() -> LogKey:
    """Return the key for what is delivered now; make the first. Raise LogKeyUnreadable."""
    key = LogKey.objects.first() or made(1)
    keyed(key)
    return key


def renew() -> LogKey:
    """Make a new key for what is delivered from now on. The others find what was before."""
    with transaction.atomic():
        last = LogKey.objects.select_for_update().first()
        return made(last.number + 1 if last else 1)


def made(number):
    fresh = LogKey()
    fresh.settings = {"key": secrets.token_hex(SIZE)}
    # Of two that make the same one, one does.
    return LogKey.objects.get_or_create(number=number, defaults={"sealed": fresh.sealed})[0]


def given_up() -> list[int]:
    """Return the numbers of keys that do not open, so that nothing is found with them."""
    return [key.number for key in LogKey.objects.all() if not key.readable]


def keyed(key: LogKey) -> Keyed:
    """Return what hashes with a key. Raise LogKeyUnreadable."""
    try:
        return Keyed(bytes.fromhex(key.settings["key"]))
    except SecretUnreadable:
        raise LogKeyUnreadable(
            f"Key {key.number} of the delivery log cannot be opened with the encryption keys of "
            "this server."
        ) from None
