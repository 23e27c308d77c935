"""Dates and timestamps of the years 1 to 9999."""

import numpy as np

from integrations.formats.kernel.numbers import ZEROS, digits
from integrations.formats.kernel.pointers import inlined, put_byte, put_word

FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, from 1970-01-01
TO_MARCH = 719_468  # days from 0000-03-01, where the leap day ends a year
MILLION = np.uint64(1_000_000)
ZONE = np.uint64(int.from_bytes(b" UTC", "little"))
DASH, COLON, POINT, BLANK = (np.uint8(ord(character)) for character in "-:. ")


@inlined
def is_day(days):
    return days >= FIRST_DAY and days <= LAST_DAY


@inlined
def calendar(days):
    """Return a day as the number YYYYMMDD: Howard Hinnant's civil_from_days."""
    days = np.uint64(days + TO_MARCH)
    era = days // np.uint64(146_097)
    of_era = days - era * np.uint64(146_097)
    leap = of_era // np.uint64(1460) - of_era // np.uint64(36_524) + of_era // np.uint64(146_096)
    year_of_era = (of_era - leap) // np.uint64(365)
    of_year = of_era - (
        np.uint64(365) * year_of_era + year_of_era // np.uint64(4) - year_of_era // np.uint64(100)
    )
    from_march = (np.uint64(5) * of_year + np.uint64(2)) // np.uint64(153)
    day = of_year - (np.uint64(153) * from_march + np.uint64(2)) // np.uint64(5) + np.uint64(1)
    month = from_march + np.uint64(3)
    year = year_of_era + era * np.uint64(400)
    if month > np.uint64(12):
        month -= np.uint64(12)
        year += np.uint64(1)
    return year * np.uint64(10_000) + month * np.uint64(100) + day


@inlined
def put_date(p, days):
    """Write a day as YYYY-MM-DD, return 0 for one of another year."""
    if not is_day(days):
        return 0
    text = digits(calendar(days)) | ZEROS
    put_word(p, text)
    put_word(p + 5, text >> np.uint64(32))
    put_word(p + 8, text >> np.uint64(48))
    put_byte(p + 4, DASH)
    put_byte(p + 7, DASH)
    return p + 10


@inlined
def put_clock(p, second):
    """Write a second of a day as HH:MM:SS."""
    hours = second // np.uint64(3600)
    minutes = second // np.uint64(60) - hours * np.uint64(60)
    seconds = second - second // np.uint64(60) * np.uint64(60)
    number = hours * np.uint64(10_000) + minutes * np.uint64(100) + seconds
    text = (digits(number) | ZEROS) >> np.uint64(16)
    put_word(p, text)
    put_word(p + 3, text >> np.uint64(16))
    put_word(p + 6, text >> np.uint64(32))
    put_byte(p + 2, COLON)
    put_byte(p + 5, COLON)
    return p + 8


@inlined
def put_timestamp(p, day, micros, is_utc):
    """Write a day, the microseconds since it began, and a zone; return 0 for another year."""
    p = put_date(p, day)
    if p == 0:
        return 0
    second = micros // MILLION
    put_byte(p, BLANK)
    p = put_clock(p + 1, second)
    put_byte(p, POINT)
    p = put_fraction(p + 1, micros - second * MILLION)
    if is_utc:
        put_word(p, ZONE)
        p += 4
    return p


@inlined
def put_fraction(p, micros):
    """Write the part of a second with three digits, or six where it needs them."""
    put_word(p, (digits(micros) | ZEROS) >> np.uint64(16))
    if micros % np.uint64(1000) == np.uint64(0):
        return p + 3
    return p + 6
