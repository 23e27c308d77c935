"""What somebody looks for: in which forms it may have been delivered, as keyed hashes."""

import hashlib
import re
from typing import NamedTuple

from console.deliveries.columns import DEVICE, EMAIL, HASH
from console.deliveries.keys import keyed
from console.models import LogKey

LONGEST = 320  # characters: an e-mail address has no more
SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
BETWEEN = re.compile(r"[\s().\-/]")
NUMBER = re.compile(r"\+?\d{5,15}")


class BadIdentifier(ValueError):
    """What was entered cannot be looked for: one sentence."""


# Of which types of entries a form can be.
FITS = {
    "any": lambda kind: True,
    "exact": lambda kind: kind != EMAIL,
    "address": lambda kind: kind == EMAIL or kind.endswith("sha256"),
    "hash of an address": lambda kind: kind in HASHES_OF_ADDRESSES,
    # Their capitals say nothing.
    "folded": lambda kind: kind in (DEVICE, *HASHES_OF_ADDRESSES) or kind.endswith("sha256"),
}
HASHES_OF_ADDRESSES = (HASH, f"{EMAIL}_md5", f"{EMAIL}_sha1")


class Form(NamedTuple):
    """One form in which an identifier may have been delivered."""

    digest: bytes  # its SHA-256
    fit: str  # one of FITS


class Token(NamedTuple):
    """A form, hashed with a key of the log."""

    key: int
    hash: str
    fit: str

    def fits(self, kind: str) -> bool:
        """Return whether an entry of the type with this hash is the identifier."""
        return FITS[self.fit](kind)


class Asked(NamedTuple):
    """What is looked for, without the identifier itself."""

    kind: str
    tokens: list[Token]


def asked(text: str) -> Asked:
    """Return the hashes to look for. Raise BadIdentifier, or LogKeyUnreadable."""
    text = text.strip()
    if not text:
        raise BadIdentifier("Enter an e-mail address, an id, a phone number or a SHA-256.")
    if len(text) > LONGEST or not text.isprintable():
        raise BadIdentifier(f"An identifier is one line of at most {LONGEST} characters.")
    kind, forms = forms_of(text)
    return Asked(kind, tokens_of(forms))


def tokens_of(forms):
    """Return the forms hashed with each key that something was logged with.

    A key that was given up is left out. Raise LogKeyUnreadable where the newest does not open.
    """
    keys = [key for place, key in enumerate(LogKey.objects.all()) if key.readable or not place]
    opened = [(key.number, keyed(key)) for key in keys]
    return [
        Token(number, key.of(form.digest).hex(), form.fit)
        for number, key in opened
        for form in forms
    ]


def forms_of(text: str) -> tuple[str, list[Form]]:
    """Return what kind of identifier a text is, and the forms to look for."""
    if SHA256.fullmatch(text):
        return "SHA-256", [Form(bytes.fromhex(text), "any")]
    if ADDRESS.fullmatch(text):
        return "e-mail address", forms_of_address(text.lower().encode())
    plain = BETWEEN.sub("", text)
    kind = "phone number" if NUMBER.fullmatch(plain) else "id"
    forms = [Form(sha256(form), "exact") for form in dict.fromkeys([text, *numbers(plain)])]
    if text.lower() != text:
        forms.append(Form(sha256(text.lower()), "folded"))
    return kind, forms


def forms_of_address(address: bytes) -> list[Form]:
    hashes = [hashlib.new(name, address, usedforsecurity=False) for name in ("md5", "sha1")]
    others = [Form(sha256(each.hexdigest()), "hash of an address") for each in hashes]
    return [Form(hashlib.sha256(address).digest(), "address"), *others]


def numbers(plain):
    """Return the ways in which a telephone number is written without what is between its digits."""
    if not NUMBER.fullmatch(plain):
        return []
    digits = plain.removeprefix("+").removeprefix("00")
    return [f"+{digits}", digits]


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
