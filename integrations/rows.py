"""Rows of a result: columns and Arrow record batches, read from a snapshot a batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BATCH_ROWS = 16_384


@dataclass(frozen=True)
class Rows:
    """A result kept as Parquet. It can be read any number of times, with the same rows in order."""

    path: Path

    @property
    def schema(self) -> pa.Schema:
        return pq.read_schema(self.path)

    @property
    def columns(self) -> list[str]:
        return self.schema.names

    @property
    def count(self) -> int:
        return pq.read_metadata(self.path).num_rows

    def batches(self, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order, at most `size` at a time."""
        with pq.ParquetFile(self.path) as file:
            yield from file.iter_batches(size)
