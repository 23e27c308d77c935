"""Make an upload plain: unpack it within bounds, and check that it is UTF-8 text."""

import bz2
import codecs
import gzip
import json
from pathlib import Path

PIECE = 1 << 20
BOMB_BYTES, BOMB_RATIO = 50 << 20, 200  # beyond this size, nothing honest packs this well
PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open}
codecs.lookup("utf-8-sig")  # loaded now: inside the sandbox it is too late
FOREIGN = {b"PK\x03\x04": "a zip file", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class BadFile(Exception):
    """The file cannot be imported; the message says where and why."""


def unpacked(path, folder, max_mb):
    """Return the path of the plain file, unpacking gzip and bzip2 into the folder."""
    with Path(path).open("rb") as file:
        start = file.read(4)
    opener = next((PACKED[mark] for mark in PACKED if start.startswith(mark)), None)
    if opener is None:
        return Path(path)
    plain = Path(folder) / "plain"
    try:
        unpack(path, opener, plain, max_mb << 20)
    except (OSError, EOFError) as error:
        raise BadFile(f"The file cannot be unpacked: {str(error).rstrip('.')}.") from None
    return plain


def unpack(path, opener, plain, limit):
    with Path(path).open("rb") as raw, opener(raw) as packed, plain.open("wb") as out:
        size = 0
        while piece := packed.read(PIECE):
            size += len(piece)
            refuse_bomb(size, raw.tell(), limit)
            out.write(piece)


def refuse_bomb(size, read, limit):
    if size > limit:
        raise BadFile(f"The unpacked file is larger than the {limit >> 20} MB allowed.")
    if size > BOMB_BYTES and size > BOMB_RATIO * max(read, 1):
        raise BadFile("The file unpacks to more than 200 times its size: it was not imported.")


def check_text(path):
    """Raise BadFile unless the file is UTF-8 text with something in it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, last = 1, b""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            if not last:
                refuse_foreign(piece)
            line = check_piece(decoder, piece, line)
            last = piece
    if not last.strip() and path.stat().st_size < PIECE:
        raise BadFile("The file is empty.")
    check_piece(decoder, b"", line, final=True)


def refuse_foreign(start):
    for mark, what in FOREIGN.items():
        if start.startswith(mark):
            raise BadFile(f"The file is {what}: save it as UTF-8 text.")


def check_piece(decoder, piece, line, *, final=False):
    """Return the line number after a piece of text."""
    if b"\0" in piece:
        number = line + piece[: piece.index(b"\0")].count(b"\n")
        raise BadFile(f"Line {number} has a zero byte: the file is not text.")
    held = decoder.getstate()[0]
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        data = held + piece
        number = line + data[: error.start].count(b"\n")
        found = f"byte 0x{data[error.start]:02X}" if error.start < len(data) else "cut character"
        raise BadFile(f"Line {number} is not UTF-8 ({found}): save the file as UTF-8.") from None
    return line + piece.count(b"\n")


def broken_json(path):
    """Return (line, reason) of the first line that is not a JSON object."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            try:
                if line.strip() and not isinstance(json.loads(line), dict):
                    return number, "not a JSON object"
            except ValueError as error:
                return number, str(getattr(error, "msg", error))
    return None
