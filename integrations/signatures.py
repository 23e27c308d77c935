"""Signatures of messages, in the manner of Standard Webhooks, which many libraries check."""

import base64
import binascii
import hashlib
import hmac
import os

PREFIX = "whsec_"
LEAST_BYTES = 24


def new_secret() -> str:
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


def is_secret(text: str) -> bool:
    """Return whether it is a secret of this kind, long enough to sign with."""
    if not text.startswith(PREFIX):
        return False
    try:
        return len(key_of(text)) >= LEAST_BYTES
    except binascii.Error:
        return False


def key_of(secret):
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def signed_headers(secrets: list[str], message: str, at: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message with one signature for each secret."""
    content = f"{message}.{at}.".encode() + body
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{signature(secret, content)}" for secret in secrets),
    }


def signature(secret, content):
    return base64.b64encode(hmac.digest(key_of(secret), content, hashlib.sha256)).decode()
