"""Single columns of an output: attributes, hashes of them, and strings that are put together."""

import re
from dataclasses import dataclass

from activations.rules.audience import ARRAYS, KEY, TEXT, Audience, Column
from activations.rules.literals import BadValue, name, text
from activations.rules.times import NOW
from activations.rules.tree import column_of

VARCHAR = "varchar"
LONGEST = 10_000  # characters of a text that somebody enters
LONGEST_FORMAT = 200
# White space as all of Unicode has it: what a regular expression calls so by itself is less.
SPACE = r"[\s\x0B\x1C-\x1F\x85\p{Z}]+"
DIGEST = "^[0-9a-f]{64}$"
# What TD_TIME_FORMAT understands; a test compares the two. Nothing is tried twice, so that no text
# takes long.
FORMAT = re.compile(
    r"('[^']*'|[^A-Za-z']|y++|Y++|M++|d{1,2}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|SSSSSS|SSS|a|E++|DDD|D|e|u"
    r"|ww|ZZ|Z|XXX|z)*+"
)


@dataclass(frozen=True)
class Output:
    """A column of the output: its name, its Trino type and the SQL of its values."""

    name: str
    type: str
    sql: str

    @property
    def selected(self) -> str:
        return f"{self.sql} AS {name(self.name)}"


@dataclass(frozen=True)
class Told:
    """What strings can tell of: the segment, its parent segment, and the zone of times."""

    segment_id: int
    segment_name: str
    audience_id: int
    timezone: str


def every(audience: Audience) -> list[Column]:
    """Return all attributes that can be exported, in their order."""
    return [each for each in audience.attributes.values() if each.visibility in ("clear", "masked")]


def attribute_of(audience: Audience, source: str) -> Column:
    """Return an attribute, or the key of customers, or raise BadValue."""
    if source == KEY:
        return Column(KEY, VARCHAR, TEXT)
    return picked(audience.attributes, source, "attribute")


def picked(columns: dict[str, Column], source: str, what: str) -> Column:
    if not source:
        raise BadValue("Choose a column.")
    return column_of(columns, source, what)


def output(column: Column, item: dict, sql: str) -> Output:
    """Return a column under its name in the output, hashed where that is asked for."""
    if not item["hash"]:
        return Output(item["name"], column.type, sql)
    check_hash(column)
    return Output(item["name"], VARCHAR, hashed(sql, column))


def check_hash(column):
    if column.kind in ARRAYS:
        raise BadValue(f"'{column.name}' holds several values: they cannot be hashed.")


def hashed(sql: str, column: Column) -> str:
    """Write the SHA-256 of a value that is no such hash already; nothing stays nothing."""
    words = sql if column.type.startswith(VARCHAR) else f"CAST({sql} AS VARCHAR)"
    tidy = f"lower(regexp_replace({words}, '^{SPACE}|{SPACE}$', ''))"
    digest = f"lower(to_hex(sha256(to_utf8(nullif({tidy}, '')))))"
    return f"CASE WHEN regexp_like({tidy}, '{DIGEST}') THEN {tidy} ELSE {digest} END"


def string(item: dict, told: Told) -> Output:
    """Return a column that has the same text in each row."""
    return Output(item["name"], VARCHAR, " || ".join(pieces(item["parts"], told)) or "''")


def pieces(parts, told):
    """Write parts one after the other; texts that stand side by side are one."""
    found, letters = [], ""
    for part in parts:
        if part["type"] != "timestamp":
            letters += LETTERS[part["type"]](part, told)
            continue
        found += [text(letters)] if letters else []
        found.append(timestamp(part, told))
        letters = ""
    return [*found, text(letters)] if letters else found


LETTERS = {
    "string": lambda part, _: part["value"],
    "segment_id": lambda _, told: str(told.segment_id),
    "segment_name": lambda _, told: told.segment_name,
    "audience_id": lambda _, told: str(told.audience_id),
}


def timestamp(part, told) -> str:
    return f"TD_TIME_FORMAT({NOW}, {text(part['format'])}, {text(told.timezone)})"


def check_part(part: dict) -> None:
    """Raise BadValue for a part that cannot be written."""
    value = part.get("value", "")
    if len(value) > LONGEST:
        raise BadValue(f"A text can have {LONGEST:,} characters at most.")
    text(value)
    if part["type"] == "timestamp" and not part["format"]:
        raise BadValue("Enter a format, such as yyyy-MM-dd HH:mm:ss.")
    if len(part.get("format", "")) > LONGEST_FORMAT:
        raise BadValue(f"A time format can have {LONGEST_FORMAT} characters at most.")
    if not FORMAT.fullmatch(part.get("format", "")):
        raise BadValue(f"'{part['format']}' is no time format: write yyyy-MM-dd HH:mm:ss or alike.")
