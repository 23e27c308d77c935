"""Numbers of JSON lines that no double keeps. DuckDB would read them as others."""

import json
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
TOKEN = re.compile(rb'("(?:[^"\\]|\\.)*")(\s*:)?|[\[\]{}]|-?' + FRACTION)
IN_OBJECT, IN_LIST = (1, 0), (1, 1)  # how deep a value of a row is, and a number of its list


def with_texts(path, folder, places):
    """Return a file in which such numbers are texts: the file itself where it has none.

    `places` has the keys of rows whose numbers are wanted, and how deep they are.
    """
    if not any(has_lost(piece) for piece in pieces(path)):
        return path
    file = Path(folder) / "texts"
    try:
        with file.open("wb") as out:
            for piece in pieces(path):
                out.write(TOKEN.sub(Marking(places), piece) if has_lost(piece) else piece)
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


class Marking:
    """Takes the tokens of lines, and makes texts of the numbers that are wanted."""

    def __init__(self, places):
        self.places = places
        self.key, self.objects, self.lists = None, 0, 0

    def __call__(self, found):
        token, text, colon = found[0], found[1], found[2]
        if colon and self.objects == 1:
            self.key = json.loads(text)
        self.objects += (token == b"{") - (token == b"}")
        self.lists += (token == b"[") - (token == b"]")
        wanted = self.places.get(self.key) == (self.objects, self.lists)
        if text or token in b"[]{}" or not wanted or is_double(token):
            return token
        return b'"%s"' % token


def is_double(number):
    """Return whether a double of the number is written with the same digits."""
    if len(number) < DIGITS:
        return True
    short = repr(float(number)).encode()
    return short == number or digits(short) == digits(number)


def digits(number):
    """Return the digits of a number that count, without point and power of ten."""
    return re.sub(rb"[eE].*|\D", b"", number).strip(b"0")
