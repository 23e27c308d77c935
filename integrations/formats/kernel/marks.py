"""A dialect as the kernel sees it: bytes, words and flags."""

from typing import NamedTuple

import numpy as np

from integrations.formats.dialect import Dialect

PADDING = bytes(8)  # behind what is copied by whole words
# What is not text is one of the words or is made of the characters.
WORDS = ("true", "false", "NaN", "Infinity", "-Infinity")
CHARACTERS = frozenset("0123456789-.: EUTC")


class Marks(NamedTuple):
    """What stands between, around and inside values. The kernel gets a word for each."""

    delimiter: int
    quote: int
    escape: int
    to_escape: int  # the character that an escape goes before
    needs_quotes: int  # a further character that a value is quoted for
    quotes: bool  # values that need it
    quotes_all: bool
    quotes_null: bool  # texts that equal the null string
    newline: int  # the bytes for a newline inside of a value
    newline_size: int
    end: int  # the bytes of the end of a line
    end_size: int
    null: int  # address of the null string
    null_size: int
    starts: int  # address for where each line starts, or 0


def touches_values(dialect: Dialect) -> bool:
    """Return whether numbers, times or flags may need quotes or escapes, as texts do."""
    special, null = {dialect.delimiter, dialect.quote}, dialect.null
    may_be_null = null in WORDS or (null and CHARACTERS.issuperset(null))
    return bool(may_be_null or special & CHARACTERS.union(*WORDS))


def marks_of(dialect: Dialect, null: np.ndarray) -> Marks:
    """Return the marks. The null string, padded, must live as long as they do."""
    delimiter, quote, escape = (
        mark.encode()[0] for mark in (dialect.delimiter, dialect.quote, dialect.escape)
    )
    plain = dialect.policy == "NONE"
    newline = (dialect.escape if plain else "") + dialect.newline_in_field
    to_escape = delimiter if plain else quote
    return Marks(
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        to_escape=to_escape,
        needs_quotes=delimiter if dialect.policy == "MINIMAL" else to_escape,
        quotes=not plain,
        quotes_all=dialect.policy == "ALL",
        quotes_null=dialect.policy == "MINIMAL",
        newline=word(newline),
        newline_size=len(newline),
        end=word(dialect.newline),
        end_size=len(dialect.newline),
        null=null.ctypes.data,
        null_size=null.size - len(PADDING),
        starts=0,
    )


def words_of(marks: Marks) -> np.ndarray:
    return np.array(marks, np.uint64)


def padded(text: str) -> np.ndarray:
    return np.frombuffer(text.encode() + PADDING, np.uint8)


def word(text: str) -> int:
    return int.from_bytes(text.encode(), "little")
