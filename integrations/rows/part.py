"""A part of a result: some of its rows, one after the other."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Part:
    """So many rows of a result, from one on."""

    rows: Rows
    first: int
    count: int

    @property
    def schema(self) -> "pa.Schema":
        return self.rows.schema

    @property
    def columns(self) -> list[str]:
        return self.rows.columns

    def numbered(self) -> Iterator[tuple["pa.Array", "pa.RecordBatch"]]:
        """Yield the rows with the number of each in the part, from 0."""
        import numpy as np
        import pyarrow as pa

        before = 0
        for portion in self.portions():
            yield pa.array(np.arange(before, before + portion.num_rows)), portion
            before += portion.num_rows

    def groups(
        self, names: list[str] | None = None, *, dictionaries: bool = False
    ) -> Iterator[Generator["pa.RecordBatch"]]:
        """Yield what yields the portions, with all columns: the rows of a part are one group."""
        yield self.portions(dictionaries=dictionaries)

    def portions(self, *, dictionaries: bool = False) -> Generator["pa.RecordBatch"]:
        """Yield the rows in order, a portion at a time."""
        at, end = 0, self.first + self.count
        for portion in self.rows.portions(dictionaries=dictionaries):
            start, stop = max(self.first - at, 0), min(end - at, portion.num_rows)
            if start < stop:
                yield portion.slice(start, stop - start)
            at += portion.num_rows
            if at >= end:
                return
