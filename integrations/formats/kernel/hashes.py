"""Keyed hashes of many short texts: HMAC with SHA-256, of RFC 2104, of their SHA-256."""

import numpy as np

from integrations.formats.kernel.pointers import (
    WORD,
    inlined,
    int32_at,
    int64_at,
    lowest,
    put_uint32,
    put_word,
    start_of,
    swapped,
    uint32_at,
    word_at,
)
from integrations.formats.kernel.sha256 import BEGIN, LANES, ROW, STATE, WORDS, take_block

BLOCK, DIGEST = 64, 32  # bytes
LONGEST = 55  # bytes of a text that fits into one block with what stands behind it
SCRATCH_BYTES = ROW * (3 * STATE + WORDS)
END = np.uint64(0x80)  # stands behind the last byte of a text
END_WORD = np.uint32(0x80000000)
KEYED_BITS = np.uint32(8 * (BLOCK + DIGEST))
LOW = np.uint64(0xFFFFFFFF)


def put_hashes(call):
    """Write the first eight bytes of the keyed hash of each text, as a number.

    The call is the address of seven words: where each text starts, as 32-bit numbers, or else
    zero; all texts, of at most LONGEST bytes each, or instead of them digests of 32 bytes; how
    many; the two blocks that the key makes; where to write; where the texts end; and
    SCRATCH_BYTES to work in.
    """
    starts, texts, count = int64_at(call), int64_at(call + 8), int64_at(call + 16)
    key, out, stop = int64_at(call + 24), int64_at(call + 32), int64_at(call + 40)
    inner = int64_at(call + 48)
    outer, state = inner + STATE * ROW, inner + 2 * STATE * ROW
    words = state + STATE * ROW
    put_key(key, inner, words)
    put_key(key + BLOCK, outer, words)
    for first in range(0, count, LANES):
        put_block(first, count, starts, texts, stop, words)
        if starts != 0:
            begin(state)
            take_block(state, words)
            copy_state(state, words)
        hash_digests(inner, state, words)
        copy_state(state, words)
        hash_digests(outer, state, words)
        put_results(state, out + WORD * first, min(LANES, count - first))
    return count


@inlined
def put_key(key, state, words):
    """Begin a hash with a block of the key, the same one in all lanes."""
    for lane in range(LANES):
        for number in range(0, WORDS, 2):
            put_pair(words + 4 * lane, number, word_at(key + 4 * number))
    begin(state)
    take_block(state, words)


@inlined
def put_block(first, count, starts, texts, stop, words):
    """Put what comes next into the lanes; where there is no more, the last one again."""
    for lane in range(LANES):
        row = min(first + lane, count - 1)
        if starts == 0:
            put_digest(words + 4 * lane, texts + DIGEST * row)
        else:
            start, end = int32_at(starts + 4 * row), int32_at(starts + 4 * row + 4)
            put_text(words + 4 * lane, texts + start, np.int64(end - start), stop)


@inlined
def put_digest(lane, digest):
    for number in range(0, STATE, 2):
        put_pair(lane, number, word_at(digest + 4 * number))


@inlined
def put_text(lane, text, size, stop):
    """Put a text into a lane, with its end and its length behind it."""
    for number in range(0, WORDS - 2, 2):
        left = size - 4 * number
        word = np.uint64(0)
        if left >= WORD:
            word = word_at(text + 4 * number)
        elif left > 0:
            word = lowest(start_of(text + 4 * number, left, stop), left)
        if 0 <= left < WORD:
            word |= END << np.uint64(8 * left)
        put_pair(lane, number, word)
    put_pair(lane, WORDS - 2, swapped(np.uint64(8 * size)))


@inlined
def put_pair(lane, number, word):
    """Put eight bytes into two rows of a lane, each as the number that SHA-256 reads there."""
    word = swapped(word)
    put_uint32(lane + ROW * number, np.uint32(word >> np.uint64(32)))
    put_uint32(lane + ROW * (number + 1), np.uint32(word & LOW))


@inlined
def hash_digests(keyed, state, words):
    """Hash the digests that are the first half of the words, with the key that state began with."""
    for lane in range(0, ROW, 4):
        put_uint32(words + ROW * STATE + lane, END_WORD)
        for number in range(STATE + 1, WORDS - 1):
            put_uint32(words + ROW * number + lane, np.uint32(0))
        put_uint32(words + ROW * (WORDS - 1) + lane, KEYED_BITS)
    copy_state(keyed, state)
    take_block(state, words)


@inlined
def begin(state):
    for number in range(STATE):
        for lane in range(0, ROW, 4):
            put_uint32(state + ROW * number + lane, BEGIN[number])


@inlined
def copy_state(source, target):
    for place in range(0, STATE * ROW, WORD):
        put_word(target + place, word_at(source + place))


@inlined
def put_results(state, out, count):
    for lane in range(count):
        high = np.uint64(uint32_at(state + 4 * lane)) << np.uint64(32)
        put_word(out + WORD * lane, high | np.uint64(uint32_at(state + ROW + 4 * lane)))
