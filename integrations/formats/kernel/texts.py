"""Texts with quotes and escapes where they need them."""

import numpy as np

from integrations.formats.kernel.pointers import (
    BLOCK,
    ONES,
    WORD,
    called,
    copied_block,
    first_byte,
    holds,
    inlined,
    lowest,
    put_byte,
    put_word,
    searched_block,
    start_of,
    stay_apart,
    uint8_at,
    word_at,
    zeros_below,
)

CR, LF = np.uint8(ord("\r")), np.uint8(ord("\n"))
ONE = np.uint64(1)
BEHIND_BLOCK = ONE << np.uint64(BLOCK)
GROWTH = 3  # one LF can become an escape, a CR and an LF


@inlined
def put_copy(p, source, size):
    """Copy whole words; both ends have room for seven bytes more than the size."""
    for number in range(0, size, WORD):
        put_word(p + number, word_at(source + number))
    return p + size


@inlined
def put_blocks(p, source, size):
    """Copy whole blocks; both ends have room for a block more than the size."""
    copied_block(source, p)
    for number in range(BLOCK, size, BLOCK):
        copied_block(source + number, p + number)
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
    special = (marks.to_escape, marks.needs_quotes, CR, LF)
    found = np.uint64(0)
    done = 0
    while size - done > BLOCK:
        found |= searched_block(source + done, p + done, special)
        done += BLOCK
    if source + done + BLOCK <= stop:
        behind = ONE << np.uint64(size - done)
        found |= searched_block(source + done, p + done, special) & (behind - ONE)
    else:
        found |= searched_end(p + done, source + done, size - done, stop, special)
    return found != 0 or (marks.quotes_null and is_null_text(source, size, marks))


@called
def searched_end(p, source, size, stop, special):
    """Copy the last bytes of a buffer and return a word that is not zero if one is special."""
    stay_apart()
    found = np.uint64(0)
    for done in range(0, size, WORD):
        left = min(size - done, WORD)
        word = start_of(source + done, left, stop)
        put_word(p + done, word)
        found |= lowest(any_of(word, special), left)
    return found


@inlined
def any_of(word, special):
    """Return marks of the bytes of a word that are one of four characters."""
    first, second, third, fourth = special
    return (
        holds(word, np.uint64(first) * ONES)
        | holds(word, np.uint64(second) * ONES)
        | holds(word, np.uint64(third) * ONES)
        | holds(word, np.uint64(fourth) * ONES)
    )


@inlined
def is_null_text(source, size, marks):
    if size != marks.null_size:
        return False
    for number in range(size):  # noqa: SIM110  numba compiles no generators
        if uint8_at(source + number) != uint8_at(marks.null + number):
            return False
    return True


@called
def put_carefully(p, source, size, stop, marks):
    """Write a text with all that it needs."""
    stay_apart()
    if marks.quotes:
        put_byte(p, marks.quote)
        p += 1
    done = 0
    while done < size:
        plain, special = put_plain(p, source + done, size - done, stop, marks)
        p += plain
        done += plain
        if special:
            p = put_special(p, uint8_at(source + done), marks)
            done += taken(source + done, size - done)
    if marks.quotes:
        put_byte(p, marks.quote)
        p += 1
    return p


@inlined
def put_plain(p, source, left, stop, marks):
    """Copy what can stand as it is of the first bytes, return its size and if it ends there."""
    special = (marks.to_escape, marks.to_escape, CR, LF)
    if source + BLOCK <= stop:
        found = searched_block(source, p, special)
        most = min(left, BLOCK)
        plain = np.int64(zeros_below(found | BEHIND_BLOCK))
    else:
        word = start_of(source, left, stop)
        put_word(p, word)
        most = min(left, WORD)
        plain = first_byte(any_of(word, special))
    return min(plain, most), plain < most


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
