"""Placeholders in a path: {yyyy}{MM}{dd} of the slot, in the zone of the schedule, and {job}."""

import re
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches

from integrations.connectors.remote_name import BadName

TIMES: dict[str, Callable[[datetime], str]] = {
    "yyyy": lambda slot: f"{slot:%Y}".zfill(4),
    "yy": lambda slot: f"{slot:%y}",
    "MM": lambda slot: f"{slot:%m}",
    "dd": lambda slot: f"{slot:%d}",
    "HH": lambda slot: f"{slot:%H}",
    "mm": lambda slot: f"{slot:%M}",
    "ss": lambda slot: f"{slot:%S}",
    "epoch": lambda slot: f"{slot.timestamp():.0f}",
}
JOB = "job"
KNOWN = (*TIMES, JOB)
TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def expanded(text: str, slot: datetime, job: str) -> str:
    """Return the text with the placeholders filled in. Raise BadName for one there is not."""

    def fill(found):
        if found.group() in ("{{", "}}"):
            return found.group()[0]
        name = found[1]
        if name is None:
            raise BadName(
                f"'{found.group()}' is part of a placeholder such as {{yyyy}}. "
                f"Write {found.group() * 2} for the character itself."
            )
        if name not in KNOWN:
            raise BadName(f"There is no placeholder {{{name}}}.{hint(name)}")
        return job if name == JOB else TIMES[name](slot)

    return TOKEN.sub(fill, text)


def hint(name):
    """Return which placeholder was probably meant, or which there are."""
    same = [known for known in KNOWN if known.lower() == name.lower()]
    near = same or made_of(name) or get_close_matches(name, KNOWN, 1)
    if near:
        return f" Did you mean {''.join(f'{{{known}}}' for known in near)}?"
    return f" There are {', '.join(f'{{{known}}}' for known in KNOWN)}."


def made_of(name):
    """Return the placeholders that a name is made of, such as yyyyMMdd."""
    parts = re.findall("|".join(TIMES), name)
    return parts if "".join(parts) == name else []
