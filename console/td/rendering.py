"""How td prints: tables with borders, tsv, csv and JSON, sizes and times."""

import csv
import json
import re
from datetime import UTC, datetime
from io import StringIO

FORMATS = ("tsv", "csv", "json", "table")
SIZES = ("B", "kB", "MB", "GB", "TB")


def listing(rows: list[dict], fields: list[str], form: str | None) -> str:
    """Return a list of things as the format asks: a table, tsv, csv or JSON."""
    if form == "json":
        return json.dumps([{f: row[f] for f in fields} for row in rows], ensure_ascii=False)
    cells = [["" if row[f] is None else str(row[f]) for f in fields] for row in rows]
    if form in ("csv", "tsv"):
        page = StringIO()
        writer = csv.writer(page, delimiter="\t" if form == "tsv" else ",", lineterminator="\n")
        writer.writerows([fields, *cells])
        return page.getvalue().rstrip("\n")
    return "\n".join(table(fields, cells))


def table(headers, rows):
    """Yield the lines of a table with borders. The rows are read twice."""
    widths = [len(header) for header in headers]
    count = 0
    for row in rows:
        count += 1
        widths = [max(width, len(one_line(cell))) for width, cell in zip(widths, row, strict=True)]
    border = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    if count:
        yield from (border, line(headers, widths), border)
        yield from (line(row, widths) for row in rows)
        yield border
    yield sets(count)


def vertical(headers, rows):
    """Yield the lines of a table that is written one column below the other."""
    widest = max(map(len, headers), default=0)
    stars = "*" * max(widest + widest // 2, 3)
    count = 0
    for count, row in enumerate(rows, 1):
        yield f"{stars} {count}. row {stars}"
        for header, cell in zip(headers, row, strict=True):
            yield f"{header:>{widest}}: {one_line(cell)}"
    yield sets(count)


def line(cells, widths):
    padded = (f"{one_line(cell):<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def one_line(cell):
    return re.sub(r"[\t\r\n]", lambda found: repr(found[0])[1:-1], cell)


def sets(count):
    return f"{count} row{'' if count == 1 else 's'} in set"


def size(count: int | None) -> str:
    """Return bytes in the largest unit that fits, with two digits cut off."""
    power = min(max((count or 0).bit_length() - 1, 0) // 10, len(SIZES) - 1)
    whole, rest = divmod(count or 0, 1024**power)
    digits = f".{rest * 100 // 1024**power:02}" if rest else ""
    return f"{whole}{digits} {SIZES[power]}"


def elapsed(start: datetime | None, end: datetime | None) -> str:
    if not start:
        return ""
    seconds = int(((end or datetime.now(UTC)) - start).total_seconds())
    hours, minutes = seconds // 3600, seconds // 60 % 60
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if seconds >= 60 else "")
    return " ".join(filter(None, (*parts, f"{seconds % 60}s" if seconds else "")))


def utc(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S UTC}" if moment else ""


def local(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %z}" if moment else ""
