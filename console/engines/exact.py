"""Casts that keep a value or fail: nothing of an upload is rounded, cut or shortened unasked."""

import json

from console.engines import types
from console.engines.types import literal

SHOWN = 200  # characters of a value that is told
MARK = "not kept: "
LISTED = "[]"
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL", "FLOAT", "DOUBLE")
# From so many digits on, not every whole number is one of the type.
DIGITS = {"FLOAT": 8, "DOUBLE": 16}
# How many digits of a second a type keeps.
FRACTIONS = {"TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP": 6, "TIMESTAMP_NS": 9}
OFFSET = r":\d{2}(\.\d*)?\s*[+-][\d:]*[1-9]"  # of a time zone; UTC has none
WORD = r":\d{2}(\.\d*)?\s+[A-Za-z]"  # the name of a zone, or PM: casts pass by any
UTC = r"(?i)\s(UTC|GMT|Z)\s*$"
CLOCK = r"\s*\d+:\d+(:\d+(\.\d{0,6}0*)?)?\s*((?i:UTC|GMT|Z)|[+-]00(:?00)?)?\s*"


class NotKept(Exception):
    """A value that its type would change: of which column, and how it is written."""

    def __init__(self, column, value):
        super().__init__(value)
        self.column, self.value = column, value

    @classmethod
    def of(cls, message):
        """Return it where that is what a message of DuckDB says, else None."""
        return cls(*json.loads(message.removeprefix(MARK))) if message.startswith(MARK) else None


def cast(value, found, wanted, column, *, zeros=True):
    """Return SQL that casts a value of one type to another, or fails where it would change.

    `column` is the number to tell in the error. Without `zeros`, a number in a text may not
    begin with a 0 that it would lose.
    """
    if found == "JSON" and wanted != "JSON":
        value, found = f"({value} ->> '$')", "VARCHAR"
    stored = types.stored(wanted)
    if found == wanted or (found != "VARCHAR" and stored in ("VARCHAR", found)):
        return f"CAST({value} AS {stored})"
    kept = text_keeps(value, wanted) if found == "VARCHAR" else keeps(value, found, stored)
    if found == "VARCHAR" and not zeros and is_number(wanted):
        kept = rf"{kept} AND NOT regexp_matches({value}, '^\s*[-+]?0\d')"
    made = f"TRY_CAST({value} AS {wanted if found == 'VARCHAR' else stored})"
    told = f"json_array({column}, left(CAST({value} AS VARCHAR), {SHOWN}))"
    failed = f"error({literal(MARK)} || CAST({told} AS VARCHAR))"
    return f"CAST(CASE WHEN {value} IS NULL OR ({kept}) THEN {made} ELSE {failed} END AS {stored})"


def is_number(kind):
    return kind.partition("(")[0] in NUMBERS


def keeps(value, found, wanted):
    """Return SQL that asks whether a value comes back from another type as it was."""
    there = f"TRY_CAST({value} AS {wanted})"
    if wanted == "FLOAT" and found.partition("(")[0] in ("DOUBLE", "DECIMAL"):
        return f"{there} IS NOT NULL"  # Such a column is one of values that are near enough.
    return f"TRY_CAST({there} AS {found}) = {value}"


def text_keeps(text, kind):
    """Return SQL that asks whether a type has exactly the value that a text says."""
    if kind.endswith(LISTED):
        member = text_keeps("x", kind.removesuffix(LISTED))
        others = f"lambda x: x IS NOT NULL AND NOT coalesce({member}, false)"
        return f"len(list_filter(TRY_CAST({text} AS VARCHAR[]), {others})) = 0"
    made, name = f"TRY_CAST({text} AS {kind})", kind.partition("(")[0]
    if asked := KEEPING.get(name):
        return f"{made} IS NOT NULL AND {asked(text, made, kind)}"
    return f"{made} IS NOT NULL"


def whole(text, made, _kind):
    return rf"(regexp_full_match({text}, '\s*[-+]?\d+(\.0*)?\s*') OR ({power(text, made)}))"


def power(text, made):
    """1e3 is a number too, and spreadsheets write such."""
    return f"{text} ILIKE '%e%' AND {same_number(text, f'CAST({made} AS VARCHAR)')}"


def same_number(text, other):
    """Texts with the same digits differ by powers of ten at most, and doubles tell those apart."""
    near = f"TRY_CAST({text} AS DOUBLE) = TRY_CAST({other} AS DOUBLE)"
    return f"({digits(text)} = {digits(other)} AND {near})"


def is_double(text):
    """Return SQL that asks whether a double keeps all digits of the number in a text."""
    # Up to 15 digits always come back; to compare texts is cheaper than to compare digits.
    short = rf"regexp_full_match({text}, '-?[\d.]{{1,15}}')"
    double = f"TRY_CAST({text} AS DOUBLE)"
    back = f"CAST({double} AS VARCHAR)"
    long = f"printf('%.17g', {double})"  # as programs write doubles that know no shorter way
    same = f"{digits(text)} IN ({digits(back)}, {digits(long)})"
    return f"CASE WHEN {short} THEN true WHEN {back} = {text} THEN true ELSE {same} END"


def digits(text):
    """Return the digits of a number in a text that count, without point and power of ten."""
    return rf"trim(regexp_replace({text}, '[eE].*|\D', '', 'g'), '0')"


def near(text, made, kind):
    """Fractions are what floats make of them, whole numbers are themselves."""
    many = rf"regexp_full_match({text}, '\s*[-+]?\d{{{DIGITS[kind]},}}(\.0*)?\s*')"
    same = f"TRY_CAST({text} AS HUGEINT) = TRY_CAST({made} AS HUGEINT)"
    return rf"(isfinite({made}) OR NOT regexp_matches({text}, '\d')) AND (NOT {many} OR {same})"


def decimal(text, made, kind):
    places = types.places(kind)
    plain = rf"regexp_full_match({text}, '\s*[-+]?\d*(\.\d{{0,{places}}}0*)?\s*')"
    return f"({plain} OR ({power(text, made)}))"


def day(text, made, _kind):
    return f"TRY_CAST({text} AS TIMESTAMP) = {made}"


def moment(text, _made, kind):
    other = f"{finer(FRACTIONS[kind])}|{OFFSET}"
    utc = f"(NOT regexp_matches({text}, '{WORD}') OR regexp_matches({text}, '{UTC}'))"
    return f"NOT regexp_matches({text}, '{other}') AND {utc}"


def instant(text, _made, _kind):
    return f"NOT regexp_matches({text}, '{finer(6)}')"


def finer(digits):
    return rf"\.\d{{{digits}}}\d*[1-9]"


def clock(text, _made, _kind):
    return f"regexp_full_match({text}, '{CLOCK}')"


KEEPING = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), whole),
    **dict.fromkeys(DIGITS, near),
    **dict.fromkeys(FRACTIONS, moment),
    "DECIMAL": decimal,
    "DATE": day,
    "TIMESTAMP WITH TIME ZONE": instant,
    "TIME": clock,
}
