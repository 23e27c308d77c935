"""Numbers of JSON lines that no double keeps. DuckDB would read them as others."""

import re
from pathlib import Path

from console.engines.plain_text import PIECE, BadFile

# Without so many digits and points in a row, no number in a text is one that a double changes.
DIGITS = 16
RUN = b"0" * DIGITS
RUNS = bytes(ord("0") if byte in b"0123456789." else ord(" ") for byte in range(256))
FRACTION = rb"\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)"
# Whole numbers are read as doubles in lists alone.
LONG = re.compile(rb"[:,\[]\s*-?((?=[\d.]{%d})%s)|[,\[]\s*-?(\d{%d,})" % (DIGITS, FRACTION, DIGITS))
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}]|-?' + FRACTION)


def with_texts(path, folder):
    """Return a file in which such numbers are texts: the file itself where it has none."""
    if not any(has_lost(piece) for piece in pieces(path)):
        return path
    file = Path(folder) / "texts"
    try:
        with file.open("wb") as out:
            for piece in pieces(path):
                out.write(changed(piece) if has_lost(piece) else piece)
    except OSError as error:
        reason = f"The long numbers of the file cannot be kept: {error.strerror}."
        raise BadFile(reason) from None
    return file


def pieces(path):
    """Yield whole lines, a megabyte or so at a time."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece + file.readline()


def has_lost(piece):
    if RUN not in piece.translate(RUNS):
        return False
    return not all(is_double(a or b) for a, b in LONG.findall(piece))


def changed(piece):
    """Return lines with texts for such numbers. Objects inside of a row stay as they are."""
    depth = 0

    def as_text(found):
        nonlocal depth
        token = found[0]
        depth += (token == b"{") - (token == b"}")
        if depth > 1 or token[:1] in b'"{}' or is_double(token):
            return token
        return b'"%s"' % token

    return TOKEN.sub(as_text, piece)


def is_double(number):
    """Return whether a double of the number is written with the same digits."""
    if len(number) < DIGITS:
        return True
    short = repr(float(number)).encode()
    return short == number or digits(short) == digits(number)


def digits(number):
    """Return the digits of a number that count, without point and power of ten."""
    return re.sub(rb"[eE].*|\D", b"", number).strip(b"0")
