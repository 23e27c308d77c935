"""Key pairs for SSH, made here: the private half as it is stored, the public one to hand out."""

from collections.abc import Callable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from integrations.transports.private_keys import parse, tidy

RSA_BITS = 3072
MAKERS: dict[str, tuple[str, Callable]] = {
    "ed25519": ("Ed25519", ed25519.Ed25519PrivateKey.generate),
    "rsa": (f"RSA, {RSA_BITS} bits", lambda: rsa.generate_private_key(65537, RSA_BITS)),
}
KINDS = {kind: label for kind, (label, _) in MAKERS.items()}


def new_private_key(kind: str) -> str:
    """Return a new private key in the format of OpenSSH."""
    _, make = MAKERS[kind]
    return (
        make()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        .decode()
    )


def public_line(text: str, passphrase: str = "") -> str:
    """Return the public half of a private key as a line of authorized_keys. Raise KeyProblem."""
    kind, block = tidy(text)
    key = parse(kind, block, passphrase.encode() or None).public_key()
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f"{line.decode()} console"
