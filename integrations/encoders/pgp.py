"""Files encrypted by gpg for one sub-key of a public key."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from integrations.delivery import ignore
from integrations.encoders.bz import bzip2
from integrations.encoders.gz import gzip, level_of
from integrations.encoders.home import OPTIONS, throw_away_home
from integrations.encoders.piping import piped
from integrations.encoders.public_keys import imported, read_public_key

COMPRESSORS = {
    "gzip": lambda chunks, settings: gzip(chunks, level_of(settings)),
    "bzip2": lambda chunks, settings: bzip2(chunks),
}
BUILTIN = {"zip_builtin": "zip", "zlip_builtin": "zlib", "bzip2_builtin": "bzip2"}


def caution(settings: dict, check: Callable = ignore) -> str:
    """Return what to mind about the key; raise where nothing can be encrypted for it."""
    key = read_public_key(settings["public_key"], check)
    return key.encryption_subkey(settings["key_identifier"]).caution


def encrypt_pgp(
    chunks: Iterable[bytes], settings: dict, check: Callable = ignore
) -> Iterator[bytes]:
    """Yield the chunks compressed as the settings say, and encrypted."""
    compression = settings.get("compression_type", "none")
    with throw_away_home() as home:
        key = imported(settings["public_key"], home, check)
        subkey = key.encryption_subkey(settings["key_identifier"])
        command = [
            *("gpg", "--homedir", home, *OPTIONS, "--batch", "--no-tty"),
            *("--trust-model", "always", "--recipient", f"{subkey.fingerprint}!"),
            *("--compress-algo", BUILTIN.get(compression, "none")),
            *(["--armor"] if settings.get("armor") else []),
            *("--output", "-", "--encrypt"),
        ]
        if compression in COMPRESSORS:
            with closing(COMPRESSORS[compression](chunks, settings)) as compressed:
                yield from piped(compressed, command, Path(home, "errors"), check)
        else:
            yield from piped(chunks, command, Path(home, "errors"), check)
