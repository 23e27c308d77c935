"""Rows against the rules: those that hold are exported, the others are kept as rejects."""

import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING

from integrations.contract.rules import ColumnRule, RowRule, Rule, WholeRule, as_of, in_force
from integrations.delivery import Delivery
from integrations.errors import PermanentError
from integrations.rows import Rows
from integrations.rows.overlap import Belt, side_by_side

if TYPE_CHECKING:
    import pyarrow as pa

SAID = 3  # reasons in one message
SKIP_REMEDY = "Mend the query so that every row holds, or let the export skip invalid records."
MEND_REMEDY = "Mend the query: the page of the job lists the rows with what is wrong with each."
COLUMNS_REMEDY = (
    "Name and cast the columns, in the query or in the output mapping, as the export's page says."
)
READ_AHEAD = 4 << 20  # bytes that are read before they are looked at
REJECTED_AHEAD = 4 << 20  # bytes of rows that are found to break a rule before they are kept
LITTLE = 1024  # bytes of what is said of a portion without such rows
Judgement = tuple[int, list[tuple[str, str, list[int], "pa.RecordBatch"]]]


@dataclass(frozen=True)
class Verdict:
    """What the rules say of a batch."""

    sound: "pa.BooleanArray"  # the rows that break none
    rejected: list[tuple[str, str, list[int]]]  # (rule, reason, places in the batch)


@dataclass
class Sifted:
    """The rows of a result that break no rule, found anew at each reading."""

    rows: Rows
    rules: Sequence[RowRule]
    settings: dict
    rejected: int

    @property
    def schema(self) -> "pa.Schema":
        return self.rows.schema

    @property
    def columns(self) -> list[str]:
        return self.rows.columns

    @property
    def count(self) -> int:
        return self.rows.count - self.rejected

    def portions(self, *, dictionaries: bool = False) -> Iterator["pa.RecordBatch"]:
        """Yield the rows in order, with all values spelled out."""
        return (kept for _, kept in self.numbered())

    def numbered(self) -> Iterator[tuple["pa.Array", "pa.RecordBatch"]]:
        """Yield the rows with the number of each in the whole result, from 0."""
        for numbers, portion in self.rows.numbered():
            sound = judged(portion, self.rules, self.settings).sound
            kept = portion.filter(sound)
            if kept.num_rows:
                yield numbers.filter(sound), kept


@dataclass
class Count:
    """How many rows were rejected, and by which rules."""

    rows: int = 0
    reasons: Counter = field(default_factory=Counter)

    def add(self, reason, places):
        self.rows += len(places)
        self.reasons[reason] += len(places)

    def told(self) -> str:
        """Return the most frequent reasons, as sentences."""
        found = self.reasons.most_common()
        said = (f"{rows_in_words(number)}: {reason}" for reason, number in found[:SAID])
        more = len(found) - SAID
        told = f" And {more} more reason{'' if more == 1 else 's'}." if more > 0 else ""
        return " ".join(said) + told


def sift(
    rows: Rows, rules: Sequence[Rule], settings: dict, delivery: Delivery, *, skip: bool
) -> Rows | Sifted:
    """Return the rows to export. Those that break a rule become rejects of the delivery.

    PermanentError: the columns break a rule, all rows do, or some do and none may be skipped.
    """
    if wrong := broken_columns(rows.schema, rules, settings):
        raise PermanentError(
            "The columns are not as they have to be, so nothing was sent. "
            + " ".join(sentence for _, sentence in wrong),
            remedy=wrong[0][0].remedy or COLUMNS_REMEDY,
        )
    checks = as_of(time.time(), in_force(rules, RowRule, settings))
    sound = sifted(rows, checks, settings, delivery, skip=skip)
    check_whole(sound, rules, settings, delivery)
    return sound


def sifted(rows, checks, settings, delivery, *, skip) -> Rows | Sifted:
    """Return the rows that break no rule on single ones."""
    if not checks:
        return rows
    count = rejects_of(rows, checks, settings, delivery)
    if not count.rows:
        return rows
    complain(count, rows.count, skip=skip, whole=delivery.whole)
    delivery.log(f"{rows_in_words(count.rows)} left out. {count.told()}")
    return Sifted(rows, checks, settings, count.rows)


def check_columns(schema: "pa.Schema", rules: Sequence[Rule], settings: dict) -> list[str]:
    """Return what is wrong with the columns, as sentences."""
    return [sentence for _, sentence in broken_columns(schema, rules, settings)]


def broken_columns(schema, rules, settings) -> list[tuple[ColumnRule, str]]:
    """Return the rules that the columns break, each with what is wrong."""
    checks = in_force(rules, ColumnRule, settings)
    return [(rule, sentence) for rule in checks for sentence in rule.check(schema, settings)]


def check_whole(rows, rules, settings, delivery):
    """Raise PermanentError where the rows do not go together."""
    for rule in in_force(rules, WholeRule, settings):
        if wrong := list(rule.check(watched(rows, delivery), settings)):
            raise PermanentError(
                f"The rows do not go together, so nothing was sent. {' '.join(wrong)}",
                remedy="Mend the query, or change the export as its page says.",
            )


def watched(rows, delivery):
    """Yield the rows as long as the delivery is to go on."""
    for portion in rows.portions():
        delivery.check()
        yield portion


def rejects_of(rows, checks, settings, delivery) -> Count:
    """Look at all rows before the first is sent, and keep those that break a rule."""
    count, before = Count(), 0
    with closing(judgements(rows, checks, settings)) as found:
        for size, rejected in found:
            delivery.check()
            for rule, reason, places, taken in rejected:
                delivery.rejects.keep(taken, [before + at for at in places], rule, reason)
                count.add(reason, places)
            before += size
    return count


def judgements(rows, checks, settings) -> Generator[Judgement]:
    """Yield how many rows there are in some portions, and those of them that break a rule.

    Where all of a group holds, as nearly always, nobody needs the columns that no rule looks at.
    """
    with closing(sound_groups(rows, checks, settings)) as counts:
        streams = (
            iter([(count, [])]) if count else judgements_of(group, checks, settings)
            for count, group in zip(counts, rows.groups(), strict=False)
        )
        yield from side_by_side(streams, REJECTED_AHEAD, size_of)


def sound_groups(rows, checks, settings) -> Generator[int]:
    """Yield how many rows each group has, or 0 where one may break a rule.

    Only what the rules look at is read. To read and to look are two threads' work: who does both
    takes Python's lock so often that two of them hardly are faster than one.
    """
    names = looked_at(rows.schema, checks, settings)
    dictionaries = all(rule.dictionaries for rule in checks)
    if not dictionaries and len(names) == len(rows.columns):
        yield from repeat(0)  # There is nothing to be saved.
    broken, count = set(), 0
    groups = rows.groups(names, dictionaries=dictionaries)
    with closing(Belt(read(groups, broken), READ_AHEAD, weight)) as found:
        for number, batch in found:
            if batch is None:
                yield 0 if number in broken else count
                count = 0
            elif number not in broken:
                count += batch.num_rows
                if judged(batch, checks, settings).rejected:
                    broken.add(number)


def read(groups, broken) -> Generator[tuple[int, "pa.RecordBatch | None"]]:
    """Yield the portions of each group, until it is known to be broken, and then nothing."""
    for number, group in enumerate(groups):
        with closing(group):
            for batch in group:
                if number in broken:
                    break
                yield number, batch
        yield number, None


def weight(portion) -> int:
    return portion[1].nbytes if portion[1] else 0


def looked_at(schema, checks, settings) -> list[str]:
    """Return the columns that at least one of the rules looks at."""
    ignored = set.intersection(*(set(rule.overlooks(schema, settings)) for rule in checks))
    return [name for name in schema.names if name not in ignored]


def judgements_of(group, checks, settings) -> Generator[Judgement]:
    """Yield what there is to say of a group, a portion at a time."""
    for batch in group:
        verdict = judged(batch, checks, settings)
        yield batch.num_rows, [(*each, batch.take(each[2])) for each in verdict.rejected]


def size_of(judgement: Judgement) -> int:
    """Return about how many bytes a judgement takes."""
    return LITTLE + sum(taken.nbytes for *_, taken in judgement[1])


def judged(batch: "pa.RecordBatch", checks: Sequence[RowRule], settings: dict) -> Verdict:
    """Return what the rules say of a batch: of several that a row breaks, the first counts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    sound = pa.repeat(True, batch.num_rows)
    rejected = []
    for rule in checks:
        for broken in rule.check(batch, settings):
            if not pc.any(broken.rows).as_py():
                continue  # as nearly always
            mask = pc.and_(sound, pc.fill_null(broken.rows, False))
            if places := pc.indices_nonzero(mask).to_pylist():
                rejected.append((rule.name, broken.reason, places))
                sound = pc.and_not(sound, mask)
    return Verdict(sound, rejected)


def complain(count, all_rows, *, skip, whole=True):
    """Raise PermanentError where what was rejected means that nothing is sent."""
    if count.rows == all_rows and (whole or not skip):
        raise PermanentError(
            f"Every one of the {rows_in_words(all_rows)} breaks a rule, so nothing was sent. "
            f"{count.told()}",
            remedy=MEND_REMEDY,
        )
    if not skip:
        break_ = "breaks" if count.rows == 1 else "break"
        raise PermanentError(
            f"{count.rows:,} of {rows_in_words(all_rows)} {break_} a rule, so nothing was sent. "
            f"{count.told()}",
            remedy=SKIP_REMEDY,
        )


def rows_in_words(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"
