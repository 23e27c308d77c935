"""Texts with quotes and escapes where they need them."""

import numpy as np

from integrations.formats.kernel.pointers import (
    WORD,
    first_byte,
    holds,
    inlined,
    lowest,
    put_byte,
    put_word,
    start_of,
    uint8_at,
    word_at,
)

CR, LF = np.uint8(ord("\r")), np.uint8(ord("\n"))
CRS, LFS = (np.uint64(character * 0x0101010101010101) for character in (0x0D, 0x0A))
GROWTH = 3  # one LF can become an escape, a CR and an LF
MARGIN = 2 + WORD  # two quotes, and what the last whole word writes too much


@inlined
def put_copy(p, source, size):
    """Copy whole words; both ends have room for seven bytes more than the size."""
    for number in range(0, size, WORD):
        put_word(p + number, word_at(source + number))
    return p + size


@inlined
def put_text(p, source, size, stop, marks):
    """Write a text that lies before stop and return where it ends."""
    first = p + (1 if marks.quotes_all else 0)
    put_byte(p, marks.quote)
    if needs_care(first, source, size, stop, marks):
        return put_carefully(p, source, size, stop, marks)
    if marks.quotes_all:
        put_byte(first + size, marks.quote)
        return first + size + 1
    return first + size


@inlined
def needs_care(p, source, size, stop, marks):
    """Copy the text and return whether it cannot stand like that."""
    found = np.uint64(0)
    done = 0
    while size - done >= WORD:
        word = word_at(source + done)
        put_word(p + done, word)
        found |= special(word, marks) | holds(word, marks.needs_quotes)
        done += WORD
    if done < size:
        word = start_of(source + done, size - done, stop)
        put_word(p + done, word)
        rest = special(word, marks) | holds(word, marks.needs_quotes)
        found |= lowest(rest, size - done)
    return found != 0 or (marks.quotes_null and is_null_text(source, size, marks))


@inlined
def special(word, marks):
    """Return marks of the bytes that cannot stay as they are."""
    return holds(word, marks.to_escape) | holds(word, CRS) | holds(word, LFS)


@inlined
def is_null_text(source, size, marks):
    if size != marks.null_size:
        return False
    for number in range(size):  # noqa: SIM110  numba compiles no generators
        if uint8_at(source + number) != uint8_at(marks.null + number):
            return False
    return True


@inlined
def put_carefully(p, source, size, stop, marks):
    """Write a text with all that it needs."""
    if marks.quotes:
        put_byte(p, marks.quote)
        p += 1
    done = 0
    while done < size:
        left = size - done
        word = start_of(source + done, left, stop)
        put_word(p, word)
        found = lowest(special(word, marks), min(left, WORD))
        plain = min(first_byte(found), left)
        p += plain
        done += plain
        if found != 0:
            p = put_special(p, uint8_at(source + done), marks)
            done += taken(source + done, size - done)
    if marks.quotes:
        put_byte(p, marks.quote)
        p += 1
    return p


@inlined
def put_special(p, character, marks):
    if character in (CR, LF):
        put_word(p, marks.newline)
        return p + marks.newline_size
    put_byte(p, marks.escape)
    put_byte(p + 1, character)
    return p + 2


@inlined
def taken(source, left):
    """Return how many bytes of the text the special character is: CR and LF are one."""
    if left > 1 and uint8_at(source) == CR and uint8_at(source + 1) == LF:
        return 2
    return 1
