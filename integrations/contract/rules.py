"""Rules: what has to hold of the columns of a result, and of each of its rows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa


def nothing(*_):
    """Return that a rule looks at all columns."""
    return ()


class Broken(NamedTuple):
    """Rows of a batch that break a rule."""

    rows: "pa.BooleanArray"  # true where a row breaks it; null is not
    reason: str  # what is wrong with such a row, as a sentence


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Something that has to hold, where the settings of the export are these."""

    name: str  # a short one, by which rejects are counted
    sentence: str  # what has to hold, for people
    source: str  # who says so
    when: dict = field(default_factory=dict)  # settings -> value, or a tuple of values


@dataclass(frozen=True, kw_only=True)
class ColumnRule(Rule):
    """A rule on the names and types of the columns."""

    # (schema, settings) -> what is wrong, as sentences
    check: Callable[["pa.Schema", dict], Iterable[str]]
    remedy: str = ""  # what to do, where that is more than to name and cast columns


@dataclass(frozen=True, kw_only=True)
class RowRule(Rule):
    """A rule on single rows. A row that breaks it is rejected, or ends the export."""

    # (batch, settings) -> rows that break it, each kind with its reason
    check: Callable[["pa.RecordBatch", dict], Iterable[Broken]]
    # (schema, settings) -> columns that it does not look at; all rules together may do without
    overlooks: Callable[["pa.Schema", dict], Iterable[str]] = nothing
    dictionaries: bool = False  # whether the check also takes texts as dictionaries have them
    by_clock: bool = False  # whether the check also takes `now`, in seconds since 1970


@dataclass(frozen=True, kw_only=True)
class WholeRule(Rule):
    """A rule on all rows together, as they are left once single ones were rejected."""

    # (batches, settings) -> what is wrong, as sentences
    check: Callable[[Iterable["pa.RecordBatch"], dict], Iterable[str]]


def applies(rule: Rule, settings: dict) -> bool:
    """Return whether the rule is one for an export with these settings."""
    return all(settings.get(name) in several(wanted) for name, wanted in rule.when.items())


def in_force(rules: Iterable[Rule], kind: type[Rule], settings: dict) -> Iterator[Rule]:
    """Yield the rules of a kind that apply."""
    return (rule for rule in rules if isinstance(rule, kind) and applies(rule, settings))


def as_of(now: float, rules: Iterable[RowRule]) -> list[RowRule]:
    """Return the rules with one time for all rows, however often and late they are read."""
    return [
        replace(rule, check=partial(rule.check, now=now)) if rule.by_clock else rule
        for rule in rules
    ]


def several(wanted):
    return wanted if isinstance(wanted, tuple) else (wanted,)
