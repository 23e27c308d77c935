"""A test with a few real rows: what it does at the receiver, or why there is none."""

from dataclasses import dataclass

MOST = 5  # rows of a test


@dataclass(frozen=True)
class FewRows:
    """What the first rows of a result do where they are sent to see that they arrive."""

    told: str  # in a sentence, before anything is sent; where there is no test, why
    offered: bool = True


def no_test(why: str) -> FewRows:
    """Return that no test is offered, for a reason that is a sentence."""
    return FewRows(why, offered=False)
