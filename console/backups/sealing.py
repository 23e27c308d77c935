"""The keys of a console: which ones a backup needs, and the keys themselves under a passphrase."""

import base64
import hashlib
import json
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings

from console.backups.errors import BackupError
from integrations import receipts

SHORTEST = 12  # characters of a passphrase: whoever has the file can try as often as they like
COST = {"n": 2**17, "r": 8, "p": 1}  # 128 MiB and half a second for each try
SALT_BYTES = 16


def needed() -> dict:
    """Return what tells the keys that open a backup of this console from others."""
    signer = receipts.private_key(settings.RECEIPT_KEY).public_key()
    keys = [fingerprint(key) for key in settings.ENCRYPTION_KEYS]
    return {"encryption": keys, "receipts": receipts.fingerprint(signer)}


def fingerprint(key: str) -> str:
    """Return what names an encryption key. It is random, so nobody finds it by its hash sum."""
    digest = hashlib.sha256(base64.urlsafe_b64decode(key)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def check_passphrase(passphrase: str) -> None:
    if len(passphrase) < SHORTEST:
        raise BackupError(f"The passphrase is too short: use {SHORTEST} characters or more.")


def sealed(passphrase: str) -> str:
    """Return the keys in use, encrypted."""
    check_passphrase(passphrase)
    keys = {
        "secret_key": settings.SECRET_KEY,
        "encryption_keys": "\n".join(settings.ENCRYPTION_KEYS),
        "receipt_key": settings.RECEIPT_KEY,
    }
    salt = os.urandom(SALT_BYTES)
    token = cipher(passphrase, salt).encrypt(json.dumps(keys).encode())
    return json.dumps({"scrypt": COST, "salt": salt.hex(), "fernet": token.decode()})


def unsealed(path: Path, passphrase: str) -> dict[str, str]:
    """Return the keys of a backup by the names of their files."""
    kept = json.loads(path.read_text())
    if kept["scrypt"] != COST:  # What the file asks for could be a cost that nobody can pay.
        raise BackupError("The keys in the backup are sealed in a way that this version lacks.")
    try:
        opened = cipher(passphrase, bytes.fromhex(kept["salt"])).decrypt(kept["fernet"])
    except InvalidToken:
        raise BackupError("The passphrase does not open the keys in the backup.") from None
    return json.loads(opened)


def cipher(passphrase, salt):
    key = Scrypt(salt=salt, length=32, **COST).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(key))
