"""Two texts compared line by line."""

from collections import Counter
from difflib import SequenceMatcher
from typing import NamedTuple

MOST_PAIRS = 200_000  # of equal lines: comparing more of them would take for ever
MOST_LINES = 20_000


class Line(NamedTuple):
    sign: str  # "+", "-" or "" where both have it
    old: int | None
    new: int | None
    text: str


def compare(old, new):
    """Return the lines of both texts in order, each with its sign and its numbers."""
    before, after = old.splitlines(), new.splitlines()
    found = []
    for kind, a, b, c, d in changes(before, after):
        if kind == "equal":
            numbered = zip(range(a, b), range(c, d), strict=True)
            found += [Line("", i + 1, j + 1, before[i]) for i, j in numbered]
        else:
            found += [Line("-", i + 1, None, before[i]) for i in range(a, b)]
            found += [Line("+", None, j + 1, after[j]) for j in range(c, d)]
    return found


def changes(before, after):
    """Return difflib's opcodes; for texts that are too much alike to be compared, one."""
    here, there = Counter(before), Counter(after)
    pairs = sum(count * there[line] for line, count in here.items())
    if pairs > MOST_PAIRS or len(before) + len(after) > MOST_LINES:
        kind = "equal" if before == after else "replace"
        return [(kind, 0, len(before), 0, len(after))]
    return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
