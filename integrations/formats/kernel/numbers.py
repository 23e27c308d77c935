"""Integers and decimals as decimal digits."""

import numpy as np

from integrations.formats.kernel.pointers import (
    WORD,
    first_byte,
    inlined,
    put_byte,
    put_word,
)

ZEROS = np.uint64(0x3030303030303030)
EIGHT_DIGITS = np.uint64(100_000_000)
TEN = np.uint64(10)
HUNDRED = np.uint64(100)
MYRIAD = np.uint64(10_000)
MINUS = np.uint8(ord("-"))
POINT = np.uint8(ord("."))


@inlined
def digits(number):
    """Return the eight digits of a number below 10**8 as a word, the first digit first."""
    high = number // MYRIAD
    fours = high | (number - high * MYRIAD) << np.uint64(32)
    hundreds = ((fours * np.uint64(10486)) >> np.uint64(20)) & np.uint64(0x7F0000007F)
    twos = hundreds | (fours - HUNDRED * hundreds) << np.uint64(16)
    tens = ((twos * np.uint64(103)) >> np.uint64(10)) & np.uint64(0x000F000F000F000F)
    return tens | (twos - TEN * tens) << np.uint64(8)


@inlined
def put_up_to_eight(p, number):
    word = digits(number)
    skipped = first_byte(word | np.uint64(1) << np.uint64(63))
    put_word(p, (word | ZEROS) >> np.uint64(8 * skipped))
    return p + WORD - skipped


@inlined
def put_eight(p, number):
    put_word(p, digits(number) | ZEROS)
    return p + WORD


@inlined
def put_natural(p, number):
    """Write a number without a sign and return where it ends."""
    if number < EIGHT_DIGITS:
        return put_up_to_eight(p, number)
    high = number // EIGHT_DIGITS
    low = number - high * EIGHT_DIGITS
    if high < EIGHT_DIGITS:
        return put_eight(put_up_to_eight(p, high), low)
    top = high // EIGHT_DIGITS
    return put_eight(put_eight(put_up_to_eight(p, top), high - top * EIGHT_DIGITS), low)


@inlined
def put_integer(p, number):
    if number < 0:
        put_byte(p, MINUS)
        return put_natural(p + 1, np.uint64(0) - np.uint64(number))
    return put_natural(p, np.uint64(number))


@inlined
def put_decimal(p, number, power):
    """Write a number divided by a power of ten, with all places of it."""
    if number < 0:
        put_byte(p, MINUS)
        p += 1
    size, power = np.uint64(abs(number)), np.uint64(power)
    whole = size // power
    p = put_natural(p, whole)
    if power == np.uint64(1):
        return p
    end = put_natural(p, power + size - whole * power)  # a 1 and all places
    put_byte(p, POINT)
    return end
