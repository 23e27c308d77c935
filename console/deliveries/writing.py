"""Write down which identifiers some rows carry."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import numpy as np
import pyarrow as pa

from console.deliveries.columns import types_of
from console.deliveries.files import Section, Writer, tokens_of
from console.deliveries.hashing import hashes_with
from console.deliveries.keys import Keyed
from console.deliveries.sorting import Sorter
from console.deliveries.values import identifiers

DELIVERED, UNSURE = "delivered", "unsure"


@dataclass(frozen=True)
class Carried:
    """Which rows of a result went out, as far as that is known."""

    status: str = DELIVERED
    left_out: Collection[int] = ()  # numbers of rows that were refused
    doubtful: Collection[int] = ()  # numbers of rows that may have been taken
    before: int | None = None  # the number from which on no row can have been sent


@dataclass
class Summary:
    """What was written down."""

    attributes: list[str]
    identifiers: list[tuple[str, str]] = field(default_factory=list)  # (column, type)
    entries: int = 0
    bytes: int = 0


class Log:
    """The identifiers of some rows, on their way to a file."""

    def __init__(self, path: Path, key: Keyed, contract: dict[str, str], number: int):
        self.path, self.key, self.contract = path, key, contract
        self.number = number  # of the key
        self.folder = path.with_name(f".{path.name}.sorting")
        self.sorters = {}  # section -> its hashes

    def write(self, rows, carried: Carried, facts: dict, check: Callable[[], None]) -> Summary:
        """Write the file, unless there is no identifier; `check` is called often, and may raise."""
        summary = Summary(rows.schema.names)
        hashes_of = hashes_with(self.key, rows.count)
        try:
            for section, found in self.found(rows, carried):
                check()
                self.add(section, hashes_of(found))
            self.save(summary, facts, check)
        finally:
            rmtree(self.folder, ignore_errors=True)
        return summary

    def found(self, rows, carried):
        """Yield the identifiers of those rows that went out, with the section of each lot."""
        kinds = types_of(rows.schema.names, self.contract)
        for status, part in gone_out(rows, carried):
            for name, column in zip(part.schema.names, part.columns, strict=True):
                for found in identifiers(column, kinds[name]):
                    if len(found.texts):
                        yield Section(status, found.type, name), found

    def add(self, section, hashes):
        if section not in self.sorters:
            self.sorters[section] = Sorter(self.folder / str(len(self.sorters)))
        self.sorters[section].add(hashes)

    def save(self, summary, facts, check):
        if not self.sorters:
            return
        writer = Writer(self.path, facts | {"exported_attributes": ", ".join(summary.attributes)})
        try:
            for section in self.in_order(summary.attributes):
                for hashes in self.sorters[section].sorted():
                    check()
                    writer.add(section, tokens_of(hashes))
        except BaseException:
            writer.discard()
            raise
        found = (section[:0:-1] for section in self.in_order(summary.attributes))
        summary.identifiers = list(dict.fromkeys(found))
        about = {"key": self.number, "attributes": summary.attributes}
        writer.close(about | {"identifiers": summary.identifiers})
        summary.entries, summary.bytes = writer.entries, self.path.stat().st_size

    def in_order(self, names):
        return sorted(self.sorters, key=lambda each: (names.index(each.column), *each))


def gone_out(rows, carried: Carried):
    """Yield what went out of the rows, a portion at a time."""
    for numbers, portion in rows.numbered():
        if carried.before is not None and numbers[0].as_py() >= carried.before:
            return
        yield from sent(numbers, portion, carried)


def sent(numbers: pa.Array, rows: pa.RecordBatch, carried: Carried):
    """Yield those of the rows that went out, each part with whether that is sure."""
    numbers = numbers.to_numpy()
    gone = np.isin(numbers, as_numbers(carried.left_out))
    doubtful = np.isin(numbers, as_numbers(carried.doubtful))
    if carried.before is not None:
        gone |= numbers >= carried.before
    yield carried.status, rows.filter(pa.array(~gone & ~doubtful))
    if doubtful.any():
        yield UNSURE, rows.filter(pa.array(doubtful & ~gone))


def as_numbers(numbers):
    return np.asarray(numbers, np.int64)
