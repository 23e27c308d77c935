"""Rows whose values are changed on their way out, a portion at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Changed:
    """The rows with a change made to each portion, which keeps its rows and their order."""

    rows: Rows
    change: Callable[["pa.RecordBatch"], "pa.RecordBatch"]

    @property
    def schema(self) -> "pa.Schema":
        """Return the columns as the change makes them of a portion without rows."""
        import pyarrow as pa

        empty = [pa.array([], field.type) for field in self.rows.schema]
        return self.change(pa.RecordBatch.from_arrays(empty, schema=self.rows.schema)).schema

    @property
    def columns(self) -> list[str]:
        return self.schema.names

    @property
    def count(self) -> int:
        return self.rows.count

    def numbered(self) -> Iterator[tuple["pa.Array", "pa.RecordBatch"]]:
        """Yield the rows with the number of each, from 0."""
        return ((numbers, self.change(portion)) for numbers, portion in self.rows.numbered())

    def portions(self, *, dictionaries: bool = False) -> Iterator["pa.RecordBatch"]:
        """Yield the rows in order, with all values spelled out."""
        for portion in self.rows.portions():
            yield self.change(portion)
