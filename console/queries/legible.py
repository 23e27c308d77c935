"""Bytes of a file made legible: what cannot be seen gets a sign of its own."""

import re

SIGNS = {"\r": "␍", "\n": "␊", "\t": "⇥", "\x7f": "␡", "\ufeff": "BOM", "\xa0": "⍽"}
SIGNS |= {chr(code): chr(0x2400 + code) for code in range(32) if chr(code) not in SIGNS}
INVISIBLE = re.compile("([" + "".join(map(re.escape, SIGNS)) + "]+)")
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def lines(data):
    """Return the lines of the text; each is a list of (text, whether it stands for signs)."""
    text = data.decode(errors="replace" if broken_inside(data) else "ignore")
    return [pieces(line) for line in LINE.findall(text)]


def broken_inside(data):
    """Return whether the bytes are not UTF-8, apart from a last character that was cut off."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start < len(data) - 3
    return False


def pieces(line):
    parts = INVISIBLE.split(line)
    return [
        ("".join(SIGNS[char] for char in part) if index % 2 else part, bool(index % 2))
        for index, part in enumerate(parts)
        if part
    ]


def hexdump(data, width=16):
    """Return rows of (offset, bytes in hexadecimal, the same as ASCII)."""
    return [
        (f"{at:06x}", part.hex(" "), "".join(chr(b) if 32 <= b < 127 else "." for b in part))
        for at in range(0, len(data), width)
        for part in [data[at : at + width]]
    ]
