"""The rules of delimited text written plainly, a value at a time: the judge of the fast writer."""

from datetime import date, datetime, time
from decimal import Decimal

NEWLINES = {"CRLF": "\r\n", "LF": "\n", "CR": "\r"}


def whole_file(columns, rows, settings):
    """Return the file of the rows, which are lists of Python values."""
    newline = NEWLINES[settings["newline"]]
    lines = [[field(text_of(value), settings) for value in row] for row in rows]
    if settings["header_line"]:
        lines.insert(0, [field(name, settings) for name in columns])
    return "".join(settings["delimiter"].join(line) + newline for line in lines)


def field(text, settings):
    """Return the text as it stands in the file."""
    if text is None:
        return settings["null_string"]
    policy, quote = settings["quote_policy"], settings["quote"]
    escape = settings.get("escape", "\\" if policy == "NONE" else quote)
    newline = NEWLINES[settings.get("newline_in_field", "LF")]
    before = escape if policy == "NONE" else ""
    needy = policy == "ALL" or text == settings["null_string"]
    written, previous = "", ""
    for character in text:
        if character == quote and policy != "NONE":
            written += escape + character
            needy = True
        elif character in "\r\n":
            if (previous, character) != ("\r", "\n"):
                written += before + newline
            needy = True
        elif character == settings["delimiter"]:
            written += before + character
            needy = True
        else:
            written += character
        previous = character
    return quote + written + quote if needy and policy != "NONE" else written


def text_of(value):
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return java_double(value)
        case Decimal():
            return f"{value:f}"
        case bytes():
            return value.hex().upper()
        case datetime() | date() | time():
            return time_text(value)
    return str(value)


def time_text(value):
    match value:
        case datetime():
            zone = f" {value.tzinfo}" if value.tzinfo else ""
            return f"{value.date().isoformat()} {clock(value)}{zone}"
        case date():
            return value.isoformat()
    return clock(value)


def clock(value):
    micros = f"{value.microsecond:06}"
    fraction = micros[:3] if micros.endswith("000") else micros
    return f"{value:%H:%M:%S}.{fraction}"


def java_double(value):
    """Return what Double.toString of Java 19 and later returns."""
    text = repr(value) if not 0 < abs(value) <= 1e-322 else f"{value:.1e}"
    if text in ("nan", "inf", "-inf"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return text
    sign, digits, exponent = Decimal(text).as_tuple()
    digits = "".join(map(str, digits))
    exponent += len(digits) - 1
    return f"{'-' * sign}{digits[0]}.{digits[1:].rstrip('0') or '0'}E{exponent}"
