"""Parts of a result, read one after the other as the rows of one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Joined:
    """What is left of each part, with how many rows the part had."""

    parts: list[tuple[Rows, int]]

    @property
    def schema(self) -> "pa.Schema":
        return self.parts[0][0].schema

    @property
    def count(self) -> int:
        return sum(rows.count for rows, _ in self.parts)

    def numbered(self) -> Iterator[tuple["pa.Array", "pa.RecordBatch"]]:
        """Yield the rows with the number of each in the whole, from 0."""
        import pyarrow.compute as pc

        first = 0
        for rows, had in self.parts:
            for numbers, portion in rows.numbered():
                yield pc.add(numbers, first), portion
            first += had
