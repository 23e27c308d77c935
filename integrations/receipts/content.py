"""What a receipt says of a file, against the file itself: size, SHA-256, rows."""

import bz2
import gzip
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from integrations.formats.dialect import Dialect, dialect_of
from integrations.receipts.signing import BadReceipt

BLOCK = 1 << 20
OPENERS = {"": open, "gz": gzip.open, "bzip2": bz2.open}


def check_file(path: Path, receipt: dict) -> str:
    """Return a sentence on the file that the receipt has. Raise BadReceipt where it is another."""
    file = entry(path, receipt)
    try:
        size, sha256 = measured(path)
        if size != file["bytes"]:
            raise BadReceipt(f"It has {size:,} bytes, and {file['bytes']:,} were delivered.")
        if sha256 != file["sha256"]:
            raise BadReceipt(f"Its SHA-256 is {sha256}, and that delivered was {file['sha256']}.")
        rows = rows_in(path, receipt["format"])
    except OSError as error:
        raise BadReceipt(f"It cannot be read ({error.strerror or error}).") from None
    if rows not in (None, file["rows"]):
        raise BadReceipt(f"It has {rows:,} rows, and the receipt says {file['rows']:,}.")
    counted = "rows not counted" if rows is None else f"{rows:,} row{'' if rows == 1 else 's'}"
    return f"It is what was delivered as {file['path']}: {size:,} bytes, {counted}."


def entry(path, receipt):
    """Return what the receipt says of the file: of its name, or of the only one there is."""
    files = receipt["files"]
    if not files:
        raise BadReceipt(without_files(receipt))
    named = [file for file in files if Path(file["path"]).name == path.name]
    found = named or (files if len(files) == 1 else [])
    if not found:
        raise BadReceipt(f"The receipt is of {len(files)} files, and none of them has its name.")
    return found[0]


def without_files(receipt):
    if receipt.get("skipped") or not receipt.get("summary"):
        return "The receipt says that nothing was sent."
    return f"The receipt is of a delivery without files. It says: {receipt['summary']}"


def measured(path):
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def rows_in(path: Path, settings: dict) -> int | None:
    """Return the rows of the file; nothing where they cannot be told from the outside."""
    encoder = settings.get("encoders", "")
    form = settings.get("format", "csv")
    if encoder not in OPENERS or (form == "parquet" and encoder):
        return None
    return COUNTERS[form](path, settings, OPENERS[encoder])


def delimited_rows(path, settings, opener):
    dialect = dialect_of(settings)
    if dialect.policy == "NONE":
        return None
    with opener(path, "rb") as file:
        return lines_in(blocks(file), dialect) - dialect.header


def plain_lines(path, settings, opener):
    with opener(path, "rb") as file:
        return sum(block.count(b"\n") for block in blocks(file))


def parquet_rows(path, settings, opener):
    from integrations.rows import reader

    return reader().metadata_of(path).num_rows


COUNTERS = {
    "csv": delimited_rows,
    "tsv": delimited_rows,
    "jsonl": plain_lines,
    "krux": plain_lines,
    "parquet": parquet_rows,
}


def blocks(file) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def lines_in(chunks: Iterable[bytes], dialect: Dialect) -> int:
    """Count the ends of lines that stand outside of quotes."""
    quote, end = dialect.quote.encode(), dialect.newline[-1].encode()
    lines, inside = 0, False
    for chunk in chunks:
        for number, piece in enumerate(chunk.split(quote)):
            inside ^= number > 0
            lines += 0 if inside else piece.count(end)
    return lines
