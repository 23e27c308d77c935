"""Values and names as SQL has them. What people type goes through here and nowhere else."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

MANY = 1000  # values of one list


class BadValue(Exception):
    """A value is not of the kind that it has to be: a sentence."""


def name(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))


def text(value) -> str:
    if not isinstance(value, str):
        raise BadValue("Enter a text.")
    if "\0" in value:
        raise BadValue("A text cannot hold the character NUL.")
    return "'{}'".format(value.replace("'", "''"))


def number(value) -> str:
    """Return a number as a decimal, so that 0.1 is compared as it is written."""
    if isinstance(value, bool) or is_empty(value):
        raise BadValue("Enter a number.")
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise BadValue(f"'{value}' is not a number.") from None
    if not found.is_finite() or found.adjusted() > 30 or found.as_tuple().exponent < -15:
        raise BadValue(f"'{value}' is not a number that can be compared.")
    return f"{found:f}"


def is_empty(value) -> bool:
    return value is None or not str(value).strip()


def boolean(value) -> str:
    if value not in (True, False, "true", "false"):
        raise BadValue("Choose true or false.")
    return "TRUE" if value in (True, "true") else "FALSE"


def moment(value, timezone: str) -> datetime:
    """Return a time that was written with or without a zone; without one it is the audience's."""
    if is_empty(value):
        raise BadValue("Enter a time, such as 2026-01-31 or 2026-01-31 09:00.")
    try:
        found = datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise BadValue(f"'{value}' is not a time: write 2026-01-31 or 2026-01-31 09:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))


def epoch(value, timezone: str) -> str:
    return str(int(moment(value, timezone).timestamp()))


def date(value) -> str:
    return f"DATE '{moment(value, 'UTC'):%Y-%m-%d}'"


def whole(value, *, least: int = 1, most: int = 10_000) -> int:
    if is_empty(value):
        raise BadValue("Enter a whole number.")
    try:
        found = int(str(value))
    except ValueError:
        raise BadValue(f"'{value}' is not a whole number.") from None
    if not least <= found <= most:
        raise BadValue(f"Enter a whole number from {least:,} to {most:,}.")
    return found


def right_values(operator: dict) -> list:
    """Return the values of an operator that takes several. Raise BadValue without one."""
    values = operator.get("rightValues")
    if values is None:
        values = [operator.get("rightValue")]
    if not isinstance(values, list) or not values or "" in values:
        raise BadValue("Enter at least one value, and none that is empty.")
    if len(values) > MANY:
        raise BadValue(f"Enter at most {MANY:,} values.")
    return values
