"""What is wrong with a segment's rules, said of the place where it is."""

from collections.abc import Iterator
from typing import NamedTuple

from activations.rules.audience import Audience
from activations.rules.literals import BadValue
from activations.rules.statements import members
from activations.rules.tree import DEEPEST, SETS, Context, TooLarge, condition


class Problem(NamedTuple):
    # Of the rule: its place in its rule set, from the outside; () is all. In an output mapping:
    # of the value.
    path: tuple[int | str, ...]
    text: str


def problems(rules: dict, audience: Audience, segment: int | None = None) -> list[Problem]:
    """Return what keeps the rules from being run; nothing where they can be."""
    leading = (segment,) if segment is not None else ()
    try:
        if found := list(within(rules, Context(audience, within=leading), ())):
            return found
        members(rules, audience, segment=segment)
    except BadValue as error:
        return [Problem((), str(error))]
    return []


def within(node, context, path) -> Iterator[Problem]:
    if node.get("type") in SETS and len(path) < DEEPEST:
        if path and not node.get("conditions"):
            yield Problem(path, "Add a rule, or remove the empty rule set.")
        for place, each in enumerate(node.get("conditions", [])):
            yield from within(each, context, (*path, place))
        return
    try:
        condition(node, context)
    except TooLarge:
        raise
    except (BadValue, LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        text = str(error) if isinstance(error, BadValue) else "The rule is not complete."
        yield Problem(path, text)
