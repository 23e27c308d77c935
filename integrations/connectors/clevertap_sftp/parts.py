"""Results that are too large for one file, split at the end of a row."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pyarrow as pa

from integrations.connectors.content import Content
from integrations.errors import PermanentError
from integrations.formats import write_rows
from integrations.formats.delimited import header
from integrations.formats.dialect import dialect_of
from integrations.rows import Rows
from integrations.rows.overlap import overlapped
from integrations.rows.parquet import PORTION_ROWS


@dataclass
class Span:
    """The rows from one on, so many at a time at most; it notes how many each portion has."""

    rows: Rows
    start: int
    at_once: int = PORTION_ROWS
    counts: list[int] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        return self.rows.columns

    @property
    def count(self) -> int:
        return self.rows.count - self.start

    def portions(self, *, dictionaries: bool = False) -> Iterator[pa.RecordBatch]:
        before = 0
        for portion in self.rows.portions(dictionaries=dictionaries):
            first = max(0, self.start - before)
            before += portion.num_rows
            for place in range(first, portion.num_rows, self.at_once):
                piece = portion.slice(place, self.at_once)
                self.counts.append(piece.num_rows)
                yield piece


class PartContent(Content):
    """The bytes of one data file: from a row on, as many whole rows as it may hold."""

    def __init__(self, rows: Rows, start: int, settings: dict, delivery, *, limit: int):
        super().__init__(rows, settings, delivery)
        self.start, self.stop = start, start
        self.limit = limit

    def lines(self) -> Generator[bytes]:
        return overlapped(self.whole_lines())

    def whole_lines(self) -> Generator[bytes]:
        """Yield the names of the columns and as many lines as there is room for."""
        names = header(self.rows.columns, dialect_of(self.settings))
        yield names
        self.stop, at_once = self.start, PORTION_ROWS
        while self.stop == self.start < self.rows.count:
            if not at_once:
                raise self.too_large()
            yield from self.fitting(at_once, self.limit - len(names))
            at_once //= 2  # Where not even the first block had room.

    def fitting(self, at_once, room):
        span = Span(self.rows, self.start, at_once)
        with closing(write_rows(span, self.settings | {"header_line": False})) as blocks:
            for number, block in enumerate(blocks):
                room -= len(block)
                if room < 0:
                    return
                yield block
                self.stop += span.counts[number]

    def too_large(self):
        return PermanentError(
            f"Row {self.start + 1:,} of the result alone is larger than a file may be.",
            remedy="Leave long columns out of the query.",
        )
