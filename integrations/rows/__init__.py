"""Rows of a result: columns and Arrow record batches, read from a snapshot a portion at a time."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


@dataclass(frozen=True)
class Rows:
    """A result kept as Parquet. It can be read any number of times, with the same rows in order."""

    path: Path

    @property
    def schema(self) -> "pa.Schema":
        return reader().schema_of(self.path, self.metadata)

    @property
    def columns(self) -> list[str]:
        return self.schema.names

    @property
    def count(self) -> int:
        return self.metadata.num_rows

    @cached_property
    def metadata(self) -> "pq.FileMetaData":
        """Return what the file says of itself, read once: 14 MB for a hundred million rows."""
        return reader().metadata_of(self.path)

    def numbered(self) -> Iterator[tuple["pa.Array", "pa.RecordBatch"]]:
        """Yield the rows with the number of each in the result, from 0."""
        import numpy as np
        import pyarrow as pa

        before = 0
        for portion in self.portions():
            yield pa.array(np.arange(before, before + portion.num_rows)), portion
            before += portion.num_rows

    def portions(self, *, dictionaries: bool = False) -> Iterator["pa.RecordBatch"]:
        """Yield the rows in order, so few at a time that their values fit well in memory.

        With `dictionaries`, texts that are stored as dictionaries come as those of Arrow, inside
        of lists, maps and rows too, and JSON as texts. Then a column need not have the same type
        in each portion.
        """
        return reader().portions(self.path, self.metadata, dictionaries=dictionaries)

    def groups(
        self, names: list[str] | None = None, *, dictionaries: bool = False
    ) -> Iterator[Generator["pa.RecordBatch"]]:
        """Yield what yields the portions of a group of rows; groups can be read side by side.

        With names, the portions may have these columns alone. They can end at other rows then.
        """
        return reader().groups(self.path, self.metadata, names, dictionaries=dictionaries)


def reader():
    """Return what reads Parquet. Arrow takes a third of a second to load: only who reads waits."""
    from integrations.rows import parquet

    return parquet
