"""Encryption of authentications at rest."""

import hashlib
import hmac
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadable(Exception):
    """No configured key opens a stored secret."""


def cipher():
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def seal(value):
    """Return a JSON value as one encrypted token, so that its types survive."""
    return cipher().encrypt(json.dumps(value).encode()).decode()


def unseal(token):
    """Return the value that seal() was given. Raise SecretUnreadable where no key opens it."""
    try:
        return json.loads(cipher().decrypt(token))
    except InvalidToken:
        raise SecretUnreadable(
            "The stored credentials cannot be opened with the encryption keys of this server. "
            "Restore the key file they were saved with."
        ) from None


def fingerprint(value):
    """Return a keyed hash of a JSON value: equal for equal values, useless without the key."""
    text = json.dumps(value, sort_keys=True).encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()
