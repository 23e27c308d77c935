"""Some of the columns of rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.rows.joined import Joined

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Chosen:
    """The rows with these columns alone, in the order of the names."""

    rows: Joined
    names: list[str]

    @property
    def schema(self) -> "pa.Schema":
        import pyarrow as pa

        return pa.schema([self.rows.schema.field(name) for name in self.names])

    @property
    def count(self) -> int:
        return self.rows.count

    def numbered(self) -> Iterator[tuple["pa.Array", "pa.RecordBatch"]]:
        """Yield the rows with the number of each, from 0."""
        return ((numbers, portion.select(self.names)) for numbers, portion in self.rows.numbered())
