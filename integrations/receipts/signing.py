"""The signature of a receipt: Ed25519 over its canonical JSON."""

import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class BadReceipt(Exception):
    """What should be proved is not so: one sentence."""


def sealed(receipt: dict, key: Ed25519PrivateKey) -> dict:
    """Return the receipt with the fingerprint of the key, and its signature."""
    body = receipt | {"signed_by": fingerprint(key.public_key())}
    return body | {"signature": key.sign(canonical(body)).hex()}


def canonical(value) -> bytes:
    """Return the one way to write a value: sorted keys, no blanks, UTF-8."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def printed(receipt: dict) -> bytes:
    """Return the receipt as the file that people keep."""
    text = json.dumps(receipt, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def digest(value) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def genuine(data: bytes, key: Ed25519PublicKey) -> dict:
    """Return the receipt in the file. Raise BadReceipt where the key's owner did not write it."""
    receipt = parsed(data)
    signer, mine = receipt.get("signed_by"), fingerprint(key)
    if signer != mine:
        raise BadReceipt(f"It says that {signer} signed it, and the key to check with is {mine}.")
    body = {name: value for name, value in receipt.items() if name != "signature"}
    if not is_signed(body, receipt["signature"], key):
        raise BadReceipt("It was changed: its signature is not that of its content.")
    if printed(receipt) != data:
        raise BadReceipt(
            "Its values are those that were signed, but it is not byte for byte as it was written."
        )
    return receipt


def is_signed(body, signature, key):
    try:
        given = bytes.fromhex(signature)
        key.verify(given, canonical(body))
    except (InvalidSignature, ValueError):
        return False
    return given.hex() == signature  # There is one way to write it.


def parsed(data):
    try:
        receipt = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise BadReceipt("It is not JSON, as receipts are.") from None
    if not (isinstance(receipt, dict) and isinstance(receipt.get("signature"), str)):
        raise BadReceipt("It has no signature, so it is no receipt.")
    return receipt


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of the key, written as those of host keys are."""
    encoding, form = serialization.Encoding, serialization.PublicFormat
    found = hashlib.sha256(key.public_bytes(encoding.DER, form.SubjectPublicKeyInfo)).digest()
    return f"SHA256:{base64.b64encode(found).decode().rstrip('=')}"


def in_pem(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Return the key as PEM, the way OpenSSL reads it."""
    encoding = serialization.Encoding.PEM
    if isinstance(key, Ed25519PublicKey):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_bytes(encoding, form).decode()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def private_key(pem: str) -> Ed25519PrivateKey:
    """Return the key to sign with. Raise ValueError where the text is not one."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("It is a key of another kind.")
    return key


def public_key(pem: bytes) -> Ed25519PublicKey:
    """Return the key to check with. Raise ValueError where the bytes are not one."""
    try:
        key = serialization.load_pem_public_key(pem)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("It is a key of another kind.")
    return key
