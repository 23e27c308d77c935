"""Encoders: the settings that choose one, and bytes of a file compressed or encrypted by it."""

from collections.abc import Callable, Iterable, Iterator

from integrations.delivery import ignore
from integrations.encoders import pgp
from integrations.encoders.bz import bzip2
from integrations.encoders.gz import gzip, level_of
from integrations.encoders.settings import EncoderSettings
from integrations.errors import ExportError

__all__ = ["EncoderSettings", "caution", "encode", "encoded_size"]


def encode(chunks: Iterable[bytes], settings: dict, check: Callable = ignore) -> Iterator[bytes]:
    """Yield the chunks as the chosen encoder makes them.

    One that has to wait calls check(), which may raise.
    """
    return ENCODERS[settings.get("encoders", "")](chunks, settings, check)


def caution(settings: dict, check: Callable = ignore) -> str:
    """Return what to mind before the encoder is used, mostly nothing; raise where it cannot be."""
    return pgp.caution(settings, check) if settings.get("encoders") == "encrypt_pgp" else ""


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
    "": lambda chunks, settings, check: iter(chunks),
    "gz": lambda chunks, settings, check: gzip(chunks, level_of(settings)),
    "bzip2": lambda chunks, settings, check: bzip2(chunks),
    "encrypt_pgp": pgp.encrypt_pgp,
}
