"""Encoders: the settings that choose one, and bytes of a file compressed or encrypted by it."""

from collections.abc import Iterable, Iterator

from integrations.encoders import pgp
from integrations.encoders.bz import bzip2
from integrations.encoders.gz import gzip, level_of
from integrations.encoders.settings import EncoderSettings

__all__ = ["EncoderSettings", "caution", "encode", "encoded_size"]


def encode(chunks: Iterable[bytes], settings: dict) -> Iterator[bytes]:
    """Yield the chunks as the chosen encoder makes them."""
    return ENCODERS[settings.get("encoders", "")](chunks, settings)


def caution(settings: dict) -> str:
    """Return what to mind before the encoder is used, mostly nothing; raise where it cannot be."""
    return pgp.caution(settings) if settings.get("encoders") == "encrypt_pgp" else ""


def encoded_size(data: bytes, settings: dict) -> int | None:
    """Return the size of the data once encoded; nothing where it is not, or that takes a while."""
    encoder = settings.get("encoders", "")
    return sum(map(len, encode([data], settings))) if encoder in QUICK else None


QUICK = ("gz", "bzip2")
ENCODERS = {
    "": lambda chunks, settings: iter(chunks),
    "gz": lambda chunks, settings: gzip(chunks, level_of(settings)),
    "bzip2": lambda chunks, settings: bzip2(chunks),
    "encrypt_pgp": pgp.encrypt_pgp,
}
