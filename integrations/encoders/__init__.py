"""Encoders: the settings that choose one, and bytes of a file compressed or encrypted by it."""

from collections.abc import Iterable, Iterator

from integrations.encoders import pgp
from integrations.encoders.bz import bzip2
from integrations.encoders.gz import gzip, level_of
from integrations.encoders.settings import EncoderSettings
from integrations.errors import ExportError

__all__ = ["EncoderSettings", "caution", "encode", "encoded_size"]


def encode(chunks: Iterable[bytes], settings: dict) -> Iterator[bytes]:
    """Yield the chunks as the chosen encoder makes them."""
    return ENCODERS[settings.get("encoders", "")](chunks, settings)


def caution(settings: dict) -> str:
    """Return what to mind before the encoder is used, mostly nothing; raise where it cannot be."""
    return pgp.caution(settings) if settings.get("encoders") == "encrypt_pgp" else ""


def encoded_size(data: bytes, settings: dict) -> int | None:
    """Return the size of a little data once encoded; nothing where it is not, or cannot be yet."""
    encoder = settings.get("encoders", "")
    if not encoder or not settings.keys() >= NEEDED.get(encoder, set()):
        return None
    try:
        return sum(map(len, encode([data], settings)))
    except ExportError:  # What is wrong with the key stands beside its field.
        return None


NEEDED = {"encrypt_pgp": {"public_key", "key_identifier"}}
ENCODERS = {
    "": lambda chunks, settings: iter(chunks),
    "gz": lambda chunks, settings: gzip(chunks, level_of(settings)),
    "bzip2": lambda chunks, settings: bzip2(chunks),
    "encrypt_pgp": pgp.encrypt_pgp,
}
