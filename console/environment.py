"""Read settings from the environment; a malformed value stops the start with a sentence."""

import os
from pathlib import Path

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off", ""}


class BadSetting(SystemExit):
    """A setting in the environment cannot be used."""


def text(name, default=""):
    """Return NAME, or the content of the file that NAME_FILE points to."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE: {path} cannot be read ({error.strerror}).") from None
    return os.environ.get(name, default)


def flag(name, *, default=False):
    value = os.environ.get(name, str(default)).lower()
    if value not in TRUE | FALSE:
        raise BadSetting(f"{name} is '{value}'. Use True or False.")
    return value in TRUE


def number(name, default, *, least=0):
    value = os.environ.get(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise BadSetting(f"{name} is '{value}'. Use a whole number of at least {least}.")
    return int(value)


def words(name, default=""):
    """Return a comma-separated list without blanks."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
