"""A first look at a result: which rules it breaks, as far as its first rows tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from integrations.contract.rules import ColumnRule, RowRule, Rule, in_force
from integrations.contract.sifting import Sifted, check_columns, judged
from integrations.rows import Rows

LOOKED_THROUGH = 8  # portions
IN_QUERY = "Name and cast the columns in the query."


class Finding(NamedTuple):
    """Something that is not as its receiver asks."""

    text: str  # what is wrong
    asked: str  # what has to hold
    remedy: str
    rows: int = 0  # that have it; none where it is the columns'
    left_out: bool = False  # whether these rows alone are not sent


@dataclass(frozen=True)
class Look:
    """What the rules say of a result."""

    rules: int  # how many apply
    rows: int  # how many rows were looked at
    all_rows: int
    findings: list[Finding]


def look(rows: Rows, rules: Sequence[Rule], settings: dict) -> Look | None:
    """Check the columns of a result, and where they are right its first rows. None: no rule."""
    applying = list(in_force(rules, Rule, settings))
    if not applying:
        return None
    if wrong := of_columns(rows.schema, applying, settings):
        return Look(len(applying), 0, rows.count, wrong)
    checks = [rule for rule in applying if isinstance(rule, RowRule)]
    first = next(rows.portions(), None) if checks else None
    if first is None:
        return Look(len(applying), 0, rows.count, [])
    return Look(len(applying), first.num_rows, rows.count, of_rows(first, checks, settings))


def sound(rows: Rows, rules: Sequence[Rule], settings: dict) -> Rows | Sifted:
    """Return the rows without those that an export leaves out, for its preview."""
    checks = list(in_force(rules, RowRule, settings))
    if not (checks and settings.get("skip_invalid")) or check_columns(rows.schema, rules, settings):
        return rows
    return Sifted(Start(rows), checks, settings, rejected=0)


def sound_only(rows: Rows, rules: Sequence[Rule], settings: dict) -> Sifted | None:
    """Return rows for the preview of a file that can hold no others; none where there is no file.

    Without leave to skip rows, one that breaks a rule is the end of the export.
    """
    if check_columns(rows.schema, rules, settings):
        return None
    start, checks = Start(rows), list(in_force(rules, RowRule, settings))
    if not settings.get("skip_invalid"):
        portions = (portion for _, portion in start.numbered())
        if any(judged(portion, checks, settings).rejected for portion in portions):
            return None
    return Sifted(start, checks, settings, rejected=0)


@dataclass(frozen=True)
class Start:
    """The beginning of some rows, so that a look for those that are sent comes to an end."""

    rows: Rows

    @property
    def schema(self):
        return self.rows.schema

    @property
    def columns(self):
        return self.rows.columns

    @property
    def count(self):
        return self.rows.count

    def numbered(self):
        return islice(self.rows.numbered(), LOOKED_THROUGH)


def of_columns(schema, rules, settings):
    return [
        Finding(sentence, rule.sentence, rule.remedy or IN_QUERY)
        for rule in rules
        if isinstance(rule, ColumnRule)
        for sentence in rule.check(schema, settings)
    ]


def of_rows(batch, checks, settings):
    """Return what is wrong with rows of a batch: of several rules that one breaks, the first."""
    asked = {rule.name: rule.sentence for rule in checks}
    skip = bool(settings.get("skip_invalid"))
    remedy = "Mend the query, or do without them." if skip else remedy_of(settings)
    return [
        Finding(reason, asked[rule], remedy, len(places), left_out=skip)
        for rule, reason, places in judged(batch, checks, settings).rejected
    ]


def remedy_of(settings):
    other = ", or let the export skip invalid records" if "skip_invalid" in settings else ""
    return f"Mend the query{other}."
