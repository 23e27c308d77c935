"""Two texts compared line by line."""

from difflib import SequenceMatcher
from typing import NamedTuple


class Line(NamedTuple):
    sign: str  # "+", "-" or "" where both have it
    old: int | None
    new: int | None
    text: str


def compare(old, new):
    """Return the lines of both texts in order, each with its sign and its numbers."""
    before, after = old.splitlines(), new.splitlines()
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            numbered = zip(range(a, b), range(c, d), strict=True)
            found += [Line("", i + 1, j + 1, before[i]) for i, j in numbered]
        else:
            found += [Line("-", i + 1, None, before[i]) for i in range(a, b)]
            found += [Line("+", None, j + 1, after[j]) for j in range(c, d)]
    return found
