"""Keys of this installation, kept in files that only its owner can read."""

import os
import secrets

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.environment import BadSetting
from integrations import receipts


def kept_secret(path):
    """Return the text kept at the path; make one where there is none."""
    return kept(path, secrets.token_urlsafe(50))


def kept_keys(path):
    """Return the Fernet keys kept at the path, one a line, newest first; make the first."""
    return checked(kept(path, Fernet.generate_key().decode()).split(), path)


def checked(keys, place):
    """Return the keys, each of which has to be a Fernet key."""
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            raise BadSetting(
                f"{place}: key {number} is not a Fernet key (32 bytes in URL-safe base64)."
            ) from None
    return keys


def signing_key(given, path):
    """Return the PEM of the key that signs receipts: the one given, or the one kept at the path."""
    pem = given or kept(path, receipts.in_pem(Ed25519PrivateKey.generate()).strip())
    try:
        receipts.private_key(pem)
    except ValueError:
        raise BadSetting(
            f"{'CONSOLE_RECEIPT_KEY' if given else path} is not a private key of Ed25519 in PEM. "
            "`openssl genpkey -algorithm ed25519` makes one."
        ) from None
    return pem


def kept(path, fresh):
    try:
        if not path.exists():
            make(path, fresh)
        content = path.read_text().strip()
    except OSError as error:
        raise BadSetting(f"{path} cannot be read or made ({error.strerror}).") from None
    if not content:
        raise BadSetting(f"{path} is empty. Bring back the key that was in it.")
    return content


def make(path, fresh):
    """Write the file, whole from its first moment, unless another process was first."""
    path.parent.mkdir(exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(fresh + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # The other process's key counts.
    finally:
        draft.unlink()
