"""Receipts that prove what was delivered: signed here, checked anywhere with the public key."""

from integrations.receipts.signing import (
    BadReceipt,
    digest,
    fingerprint,
    genuine,
    in_pem,
    printed,
    private_key,
    public_key,
    sealed,
)

__all__ = [
    "BadReceipt",
    "digest",
    "fingerprint",
    "genuine",
    "in_pem",
    "printed",
    "private_key",
    "public_key",
    "sealed",
]
