"""Private SSH keys as people paste them, read or refused with one clear sentence."""

import base64
import binascii
import io
import re
import textwrap
import warnings
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.utils import CryptographyDeprecationWarning

from integrations.errors import PermanentError

if TYPE_CHECKING:
    import paramiko

BLOCK = re.compile(r"-----\s*BEGIN ([A-Z0-9 ]+?)\s*-----(.*?)-----\s*END \1\s*-----", re.DOTALL)
PUBLIC = re.compile(
    r"\s*(ssh-(rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+) AAAA|.*BEGIN [A-Z0-9 ]*PUBLIC"
)
CIPHER = re.compile(r"\s*Proc-Type:\s*4,ENCRYPTED\s*DEK-Info:\s*([A-Z0-9-]+),([0-9A-Fa-f]+)")
OPENSSH = "OPENSSH PRIVATE KEY"
LEAST_RSA_BITS = 2048
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)  # SSH has no others
USE = "Use an Ed25519, ECDSA or RSA key of 2048 bits or more."
PASTE = "Paste the whole file again, from its BEGIN line to its END line."


class KeyProblem(PermanentError):
    """A text is not a private key that can be used."""

    def __init__(self, message, *, remedy="", passphrase=False):
        super().__init__(message, remedy=remedy)
        self.passphrase = passphrase  # whether it is the passphrase that has to change


def read_private_key(text: str, passphrase: str = "") -> "paramiko.PKey":
    """Return the key in the text. Raise KeyProblem."""
    kind, block = tidy(text)
    return usable(parse(kind, block, passphrase.encode() or None))


def tidy(text):
    """Return the kind of the key and its block, whatever became of its line breaks."""
    text = text.replace("\ufeff", "").replace("\\r", "").replace("\\n", "\n").replace("\r", "\n")
    refuse_other_things(text)
    if not (found := BLOCK.search(text)):
        raise KeyProblem("The private key was cut off: its END line is missing.", remedy=PASTE)
    kind, body = found.groups()
    if not kind.endswith("PRIVATE KEY"):
        raise KeyProblem(f"This is a {kind.lower()}, not a private key.", remedy=PASTE)
    head, body = cipher_lines(body)
    content = re.sub(r"\s", "", body)
    try:
        base64.b64decode(content, validate=True)
    except binascii.Error:
        raise KeyProblem("The private key is damaged.", remedy=PASTE) from None
    lines = "\n".join(textwrap.wrap(content, 64))
    return kind, f"-----BEGIN {kind}-----\n{head}{lines}\n-----END {kind}-----\n".encode()


def refuse_other_things(text):
    """Raise KeyProblem for what is pasted instead of a private key."""
    if "PuTTY-User-Key-File" in text:
        raise KeyProblem(
            "This is a PuTTY key.",
            remedy="Convert it with `puttygen key.ppk -O private-openssh -o key` "
            "and use the file `key`.",
        )
    if PUBLIC.match(text):
        raise KeyProblem(
            "This is the public key.",
            remedy="Use the private one: the file of the same name without .pub.",
        )
    if "BEGIN" not in text:
        raise KeyProblem("This is not a private key: it has no BEGIN line.", remedy=PASTE)


def cipher_lines(body):
    """Return the lines of an old encrypted PEM that name its cipher, and the rest of the body."""
    if not (found := CIPHER.match(body)):
        return "", body
    cipher, digits = found.groups()
    # Without line breaks the digits of the key itself follow: the cipher says where they begin.
    digits = digits[: 16 if "DES" in cipher else 32]
    rest = body[found.start(2) + len(digits) :]
    return f"Proc-Type: 4,ENCRYPTED\nDEK-Info: {cipher},{digits}\n\n", rest


def parse(kind, block, passphrase):
    if kind == OPENSSH:
        load = serialization.load_ssh_private_key
    else:
        load = serialization.load_pem_private_key
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            return open_key(load, block, passphrase)
        except UnsupportedAlgorithm:
            raise KeyProblem("This kind of key is not supported.", remedy=USE) from None


def open_key(load, block, passphrase):
    """Return the key; a passphrase that it does not need is no error."""
    try:
        return load(block, None)
    except TypeError:
        encrypted = True
    except ValueError as error:
        encrypted = "password" in str(error).lower()
    if not encrypted:
        raise KeyProblem("The private key is damaged or was cut off.", remedy=PASTE)
    if not passphrase:
        raise KeyProblem(
            "The private key is protected by a passphrase.",
            remedy="Fill in the passphrase for the secret key file.",
            passphrase=True,
        )
    try:
        return load(block, passphrase)
    except (TypeError, ValueError):
        raise KeyProblem(
            "The passphrase does not open the private key.",
            remedy="Type the passphrase again; if it is right, paste the key again.",
            passphrase=True,
        ) from None


def usable(key):
    """Return the key as paramiko takes it."""
    # It takes a while to load, and the form that checks keys is in every process.
    import paramiko

    if isinstance(key, dsa.DSAPrivateKey):
        raise KeyProblem("DSA keys are no longer accepted by SSH servers.", remedy=USE)
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < LEAST_RSA_BITS:
            raise KeyProblem(f"The RSA key has only {key.key_size} bits.", remedy=USE)
        return paramiko.RSAKey(key=key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if not isinstance(key.curve, CURVES):
            raise KeyProblem(
                f"SSH has no keys on the curve {key.curve.name} of this ECDSA key.",
                remedy="Use an Ed25519 key, or an ECDSA key on P-256, P-384 or P-521.",
            )
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        return paramiko.Ed25519Key.from_private_key(io.StringIO(text.decode()))
    raise KeyProblem("This kind of key is not supported.", remedy=USE)
