"""Identifiers among the values of a column, each brought into one form and hashed by SHA-256.

A value that is a SHA-256 already is taken as it is: so an address and its hash are the same entry.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from console.deliveries.columns import DEVICE, EMAIL, HASH, PHONE
from integrations.formats.text import text_of

ADDRESS = r"^[^@\s]+@[^@\s]+$"
SHA256 = r"^[0-9A-Fa-f]{64}$"
OTHER_HASHES = {"md5": r"^[0-9A-Fa-f]{32}$", "sha1": r"^[0-9A-Fa-f]{40}$"}
BETWEEN = "-() ./\t\n\f\r"  # what people write between the digits of a number
NUMBER = r"^\+?\d{5,15}$"
INTERNATIONAL = r"^\+\d{8,15}$"
FOLDED = (EMAIL, DEVICE, HASH)  # whose capitals say nothing


class Found(NamedTuple):
    """Identifiers of one type."""

    type: str
    texts: pa.Array
    hashed: bool = False  # whether the texts are SHA-256 in hexadecimal digits

    def digests(self) -> Iterator[bytes]:
        """Yield the SHA-256 of each."""
        if self.hashed:
            return map(bytes.fromhex, self.texts.to_pylist())
        return (hashlib.sha256(text).digest() for text in self.texts.cast("binary").to_pylist())


def identifiers(column: pa.Array, kind: str) -> Iterator[Found]:
    """Yield the identifiers of a column whose name says that they are of a kind, or of none."""
    texts = texts_of(column, kind)
    if texts is None:
        return
    hashes, texts = split(texts, like(texts, SHA256, pc.equal(pc.binary_length(texts), 64)))
    yield Found(f"{kind}_sha256" if kind not in ("", HASH) else "sha256", hashes, hashed=True)
    addresses, texts = split(texts, like(texts, ADDRESS, pc.match_substring(texts, "@")))
    yield Found(EMAIL, pc.utf8_lower(addresses))
    yield from OTHERS.get(kind, named)(texts, kind)


def hashes_of_addresses(texts, kind):
    """Yield what is no address in a column of addresses: their hashes, but not a remark."""
    for name, pattern in OTHER_HASHES.items():
        yield Found(f"{kind}_{name}", pc.utf8_lower(texts.filter(matching(texts, pattern))))


def phones(texts, kind):
    numbers = plain_numbers(texts)
    yield Found(PHONE, numbers.filter(matching(numbers, NUMBER)))


def international_phones(texts, kind):
    """Yield what can only be a telephone number, whatever the column is called."""
    numbers = plain_numbers(texts.filter(pc.starts_with(texts, "+")))
    yield Found(PHONE, numbers.filter(matching(numbers, INTERNATIONAL)))


def named(texts, kind):
    """Yield all values, which are identifiers by the name of their column."""
    yield Found(kind, pc.utf8_lower(texts) if kind in FOLDED else texts)


# What is neither an address nor a SHA-256, by what the name of its column says.
OTHERS = {EMAIL: hashes_of_addresses, PHONE: phones, "": international_phones}


def texts_of(column: pa.Array, kind: str) -> pa.Array | None:
    """Return the values as trimmed texts, those of lists too; None where there can be none."""
    if is_list(column.type):
        column = pc.list_flatten(column)
    if not (is_text(column.type) or (kind and can_be_named(column.type))):
        return None
    texts = pc.utf8_trim_whitespace(text_of(column).cast("string").drop_null())
    return texts.filter(pc.not_equal(texts, ""))


def is_list(kind):
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def is_text(kind):
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def can_be_named(kind):
    """Return whether values of the type are identifiers where the name of the column says so."""
    whole = pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind)
    return whole or isinstance(kind, pa.UuidType)


def like(texts, pattern, may):
    """Return which texts match; only those that may are looked at, as a pattern takes long."""
    if not pc.any(may).as_py():
        return pa.repeat(False, len(texts))
    return pc.and_(may, matching(texts, pattern))


def matching(texts, pattern):
    return pc.match_substring_regex(texts, pattern)


def split(texts, mask):
    return texts.filter(mask), texts.filter(pc.invert(mask))


def plain_numbers(texts):
    """Return telephone numbers without what stands between their digits."""
    for between in BETWEEN:  # One after the other takes half as long as a pattern for all.
        if pc.any(pc.match_substring(texts, between)).as_py():
            texts = pc.replace_substring(texts, between, "")
    return pc.replace_substring_regex(texts, "^00", "+")
