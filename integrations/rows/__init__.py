"""Rows of a result: columns and Arrow record batches, read from a snapshot a batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 16_384


@dataclass(frozen=True)
class Rows:
    """A result kept as Parquet. It can be read any number of times, with the same rows in order."""

    path: Path

    @property
    def schema(self) -> "pa.Schema":
        return reader().schema_of(self.path)

    @property
    def columns(self) -> list[str]:
        return self.schema.names

    @property
    def count(self) -> int:
        return reader().count_of(self.path)

    def batches(
        self, size: int = BATCH_ROWS, *, dictionaries: bool = False
    ) -> Iterator["pa.RecordBatch"]:
        """Yield the rows in order, at most `size` at a time.

        With `dictionaries`, texts that repeat come as Arrow dictionaries, as they are stored.
        """
        return reader().batches(self.path, size, self.repeated_texts() if dictionaries else [])

    def repeated_texts(self) -> list[str]:
        """Return the columns of texts that are stored as dictionaries."""
        return reader().repeated_texts(self.path)

    def portions(self) -> Iterator["pa.RecordBatch"]:
        """Yield the rows in order, so few at a time that their values fit well in memory."""
        return reader().portions(self.path, BATCH_ROWS)


def reader():
    """Return what reads Parquet. Arrow takes a third of a second to load: only who reads waits."""
    from integrations.rows import parquet

    return parquet
