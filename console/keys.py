"""Keys of this installation, kept in files that only its owner can read."""

import os
import secrets
import sqlite3
from contextlib import closing
from functools import partial

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.environment import BadSetting
from integrations import receipts

NOT_GIVEN = (
    "{} is not there, and the database holds credentials that were sealed with another key. Give "
    "this command the keys that the services have, by CONSOLE_ENCRYPTION_KEYS or "
    "CONSOLE_ENCRYPTION_KEYS_FILE, or bring the file back. If they are lost for good, put a new "
    "one there (openssl rand -base64 32 | tr +/ -_), and enter all credentials again, or restore a "
    "backup that has its keys: --replace --with-keys."
)
SEALED = (
    "SELECT sealed FROM integrations_authentication WHERE sealed <> '' "
    "UNION ALL SELECT sealed FROM integrations_webhook WHERE sealed <> ''"
)


def kept_secret(path):
    """Return the text kept at the path; make one where there is none."""
    return kept(path, secrets.token_urlsafe(50))


def kept_keys(path, database):
    """Return the Fernet keys kept at the path, one a line, newest first; make the first.

    Never make one beside what was sealed with another: from then on nothing else would open.
    """
    if not path.exists() and holds_sealed(database):
        raise BadSetting(NOT_GIVEN.format(path))
    return checked(kept(path, Fernet.generate_key().decode()).split(), path)


def holds_sealed(database):
    """Return whether credentials are in the database of the settings, as far as it answers."""
    if database["ENGINE"].endswith("sqlite3"):
        return database["NAME"].exists() and found_in(partial(sqlite3.connect, database["NAME"]))
    import psycopg  # needed only where a key is to be made

    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    parts = {name: str(database[key]) for name, key in names.items() if database[key]}
    connect = partial(psycopg.connect, dbname=database["NAME"], **parts, **database["OPTIONS"])
    return found_in(connect, psycopg.Error)


def found_in(connect, error=sqlite3.Error):
    try:
        with closing(connect()) as connection:
            return connection.execute(SEALED).fetchone() is not None
    except error:
        return False  # No table yet, or nobody answers.


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
