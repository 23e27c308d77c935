"""Rows in batches, each of which is one request.

A batch is made of the rows with certain numbers of the result, whichever of them are left out: so
it has the same number in each attempt, and the journal can say what became of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import pyarrow as pa

from integrations.connectors.clevertap.joining import way_for
from integrations.connectors.clevertap.operations import Operation, operation_of
from integrations.connectors.clevertap.people import NOBODY, nobody, people_of
from integrations.connectors.clevertap.records import records_of

FIRST = 5  # batches that are made before all others
Numbered = tuple[np.ndarray, pa.RecordBatch]


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of one request, with the number of each in the result."""

    number: int
    numbers: np.ndarray
    rows: list[pa.RecordBatch]
    body: bytes | memoryview
    people: np.ndarray  # whom each row is of, a line for each column

    @cached_property
    def everyone(self) -> set[int]:
        """Whom its rows are of; without those who are in a later batch, once there is one."""
        found = set(self.people.ravel().tolist())
        found.discard(NOBODY)
        return found

    def left_out(self, most: int) -> list[int]:
        """Return the numbers between the batch's first and last one that are not in it."""
        if len(self.numbers) == most:
            return []
        first = self.number * most
        return np.setdiff1d(np.arange(first, first + most), self.numbers).tolist()

    def taken(self, places: list[int]) -> pa.RecordBatch:
        """Return some of the rows."""
        return pa.Table.from_batches(self.rows).take(places).combine_chunks().to_batches()[0]


def batches(
    numbered: Iterable[Numbered], settings: dict, count: int = 0, *, ordered: bool = True
) -> Iterator[Batch]:
    """Yield the rows, about so many, in batches. Records are made for many batches at once.

    Batches that are sent side by side tell whom their rows are of.
    """
    operation, joined = operation_of(settings), way_for(count)
    waiting = []  # pieces of a batch that may go on in what comes next
    for numbers, rows in begun_small(numbered, FIRST * operation.most):
        people = people_of(rows, settings) if ordered else nobody(rows)
        records = records_of(rows, settings, joined)
        for piece in pieces(numbers, rows, records, people, operation.most):
            if waiting and waiting[0].number != piece.number:
                yield whole(waiting, operation)
                waiting = []
            waiting.append(piece)
    if waiting:
        yield whole(waiting, operation)


def begun_small(numbered: Iterable[Numbered], few: int) -> Iterator[Numbered]:
    """Yield the rows, the first few of them alone: they are sent while the others are made."""
    numbered = iter(numbered)
    for numbers, rows in islice(numbered, 1):
        yield numbers[:few], rows.slice(0, few)
        if rows.num_rows > few:
            yield numbers[few:], rows.slice(few)
    yield from numbered


def pieces(numbers, rows, records, people, most) -> Iterator[Batch]:
    """Yield the parts of batches that some rows are; the last record of each has a comma too."""
    own, (_, starts, text) = numbers // most, records.buffers()
    starts = np.frombuffer(starts, np.int64)[records.offset :]
    first = 0
    for end in [*(np.flatnonzero(np.diff(own)) + 1).tolist(), len(own)]:
        body = memoryview(text)[starts[first] : starts[end]]
        piece = rows.slice(first, end - first)
        yield Batch(int(own[first]), numbers[first:end], [piece], body, people[:, first:end])
        first = end


def whole(parts: list[Batch], operation: Operation) -> Batch:
    *others, last = (part.body for part in parts)
    return Batch(
        parts[0].number,
        np.concatenate([part.numbers for part in parts]),
        [batch for part in parts for batch in part.rows],
        b"".join((operation.opening, *others, last[:-1], operation.closing)),
        np.concatenate([part.people for part in parts], axis=1),
    )


def parted(batch: Batch, places: list[int], settings: dict) -> tuple[Batch, Batch | None]:
    """Return the rows at these places as a batch of the same number, and the others as one."""
    others = sorted(set(range(len(batch.numbers))) - set(places))
    if not others:
        return batch, None
    return part(batch, places, settings), part(batch, others, settings)


def part(batch, places, settings):
    operation, rows = operation_of(settings), batch.taken(places)
    records, people = records_of(rows, settings), batch.people[:, places]
    [piece] = pieces(batch.numbers[places], rows, records, people, operation.most)
    return whole([piece], operation)
