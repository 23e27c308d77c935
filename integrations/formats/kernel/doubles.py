"""Doubles with the shortest digits that mean them, as Java's Double.toString writes them.

A decimal with up to eight places is tried first. All others go through Schubfach, which is what
Java itself uses (Raffaello Giulietti, "The Schubfach way to render doubles", 2020): the numbers
between the neighbours of a double are scaled by a power of ten with 128 bits, so that one or two
candidates are left, of which the closer one is taken.
"""

import numpy as np

from integrations.formats.kernel.numbers import (
    EIGHT_DIGITS,
    HUNDRED,
    MINUS,
    MYRIAD,
    POINT,
    TEN,
    ZEROS,
    digits,
    put_natural,
    put_up_to_eight,
)
from integrations.formats.kernel.pointers import (
    bits_of,
    bytes_used,
    called,
    high_product,
    inlined,
    put_byte,
    put_word,
    stay_apart,
    zeros_above,
)

# Java writes these doubles without an exponent. With up to eight places they have at most
# 15 digits, which no two doubles share: a decimal that is the double is the shortest one.
PLAIN_FROM, PLAIN_TO = 1e-3, 1e7
SHORT_SCALE, SCALE = 1e4, 1e8
TINY = 1e-322  # up to here, Java gives two digits where one would do; Arrow's way knows which
SIXTEEN_DIGITS = np.uint64(10**16)
ZERO, ONE, TWO, FOUR = (np.uint64(number) for number in (0, 1, 2, 4))
FRACTION_BITS = np.uint64(52)
HIDDEN = ONE << FRACTION_BITS
EXPONENT_BIAS = 1075
LOWEST_POWER, HIGHEST_POWER = -292, 324
NAN, INFINITY = (np.uint64(int.from_bytes(text, "little")) for text in (b"NaN", b"Infinity"))
EXPONENT = np.uint8(ord("E"))
DECIMALS = np.array([10**number for number in range(20)], np.uint64)


def powers() -> np.ndarray:
    """Return the powers of ten, each with its first 128 bits in two words, rounded up."""
    rows = []
    for exponent in range(LOWEST_POWER, HIGHEST_POWER + 1):
        over, under = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
        shift = 127 - ((exponent * 1741647) >> 19)
        scaled = -(-(over << max(shift, 0)) // (under << max(-shift, 0)))
        rows.append((scaled >> 64, scaled & (2**64 - 1)))
    return np.array(rows, np.uint64)


POWERS = powers()


@inlined
def put_double(p, number):
    """Write a double, return 0 for one so small that only Arrow's way has its text."""
    size = abs(number)
    if not size < np.inf:
        return put_no_number(p, number)
    if size <= TINY and size > 0.0:
        return 0
    if np.signbit(number):
        put_byte(p, MINUS)
        p += 1
    if (size >= PLAIN_FROM and size < PLAIN_TO) or size == 0.0:
        scaled = np.rint(size * SHORT_SCALE)
        if scaled / SHORT_SCALE == size:
            return put_places(p, np.uint64(scaled) * MYRIAD)
        scaled = np.rint(size * SCALE)
        if scaled / SCALE == size:
            return put_places(p, np.uint64(scaled))
        return put_plain(p, *shortest(bits_of(size)))
    return put_scientific(p, *shortest(bits_of(size)))


@called
def put_no_number(p, number):
    stay_apart()
    if np.isnan(number):
        put_word(p, NAN)
        return p + 3
    if number < 0.0:
        put_byte(p, MINUS)
        p += 1
    put_word(p, INFINITY)
    return p + 8


@inlined
def put_places(p, scaled):
    """Write a multiple of 10**-8 with as many places as it needs, and at least one."""
    whole = scaled // EIGHT_DIGITS
    p = put_up_to_eight(p, whole)
    put_byte(p, POINT)
    fraction = digits(scaled - whole * EIGHT_DIGITS)
    put_word(p + 1, fraction | ZEROS)
    return p + 1 + max(1, bytes_used(fraction))


@called
def shortest(bits):
    """Return digits without zeros at their end, and the power of ten they are times of."""
    stay_apart()
    fraction = bits & (HIDDEN - ONE)
    exponent = np.int64(bits >> FRACTION_BITS)
    if exponent == 0:
        number, power = nearest(fraction, 1 - EXPONENT_BIAS, False)
    else:
        lopsided = fraction == ZERO and exponent > 1
        number, power = nearest(fraction | HIDDEN, exponent - EXPONENT_BIAS, lopsided)
    return without_zeros(number, power)


@inlined
def nearest(significand, exponent, lopsided):
    """Return the shortest decimal that is read as significand * 2**exponent.

    Where the neighbour below is closer than the one above, it is lopsided.
    """
    power = (exponent * 1262611 - (524031 if lopsided else 0)) >> 22
    shift = np.uint64(exponent + ((-power * 1741647) >> 19) + 1)
    scale = np.uint64(-power - LOWEST_POWER)
    high, low = POWERS[scale, 0], POWERS[scale, 1]
    middle = significand << TWO
    out = significand & ONE  # an odd one does not own the ends of its interval
    below = middle - TWO + (ONE if lopsided else ZERO)
    lower = rounded_to_odd(high, low, below << shift) + out
    value = rounded_to_odd(high, low, middle << shift)
    upper = rounded_to_odd(high, low, (middle + TWO) << shift) - out
    return candidate(lower, value, upper, power)


@inlined
def candidate(lower, value, upper, power):
    """Return the decimal between the two bounds, all given in quarters."""
    whole = value >> TWO
    tens = whole // TEN
    if whole >= TEN:
        down = lower <= FOUR * TEN * tens
        up = FOUR * TEN * (tens + ONE) <= upper
        if down != up:
            return tens + (ONE if up else ZERO), power + 1
    down = lower <= FOUR * whole
    up = FOUR * (whole + ONE) <= upper
    if down != up:
        return whole + (ONE if up else ZERO), power
    half = FOUR * whole + TWO
    up = value > half or (value == half and (whole & ONE) != ZERO)
    return whole + (ONE if up else ZERO), power


@inlined
def rounded_to_odd(high, low, number):
    """Return the highest 64 bits of a product, the last one set if any behind them is."""
    top = high_product(high, number)
    under = high * number
    whole = under + high_product(low, number)
    if whole < under:
        top += ONE
    return top | (ONE if whole > ONE else ZERO)


@inlined
def without_zeros(number, power):
    number, power = shortened(number, power, 16, SIXTEEN_DIGITS)
    number, power = shortened(number, power, 8, EIGHT_DIGITS)
    number, power = shortened(number, power, 4, MYRIAD)
    number, power = shortened(number, power, 2, HUNDRED)
    return shortened(number, power, 1, TEN)


@inlined
def shortened(number, power, zeros, scale):
    """Return the number without so many zeros, if it ends with them."""
    fewer = number // scale
    if fewer * scale == number:
        return fewer, power + zeros
    return number, power


@called
def put_plain(p, number, power):
    """Write digits times a power of ten, of 0.001 to 10,000,000."""
    stay_apart()
    if power >= 0:
        p = put_natural(p, number * DECIMALS[power])
        return put_fraction(p, ZERO, 1)
    whole = number // DECIMALS[-power]
    p = put_natural(p, whole)
    return put_fraction(p, number - whole * DECIMALS[-power], -power)


@called
def put_scientific(p, number, power):
    """Write digits times a power of ten with one digit before the point, and an exponent."""
    stay_apart()
    places = count_of_digits(number) - 1
    first = number // DECIMALS[places]
    p = put_natural(p, first)
    p = put_fraction(p, number - first * DECIMALS[places], max(1, places))
    put_byte(p, EXPONENT)
    p += 1
    power += places
    if power < 0:
        put_byte(p, MINUS)
        p += 1
    return put_up_to_eight(p, np.uint64(abs(power)))


@inlined
def put_fraction(p, fraction, places):
    """Write a point and so many places."""
    end = put_natural(p, DECIMALS[places] + fraction)  # a 1 and all places
    put_byte(p, POINT)
    return end


@inlined
def count_of_digits(number):
    """Return how many digits a number has that is not zero."""
    guess = ((64 - np.int64(zeros_above(number))) * 1233) >> 12
    return guess + (1 if number >= DECIMALS[guess] else 0)
