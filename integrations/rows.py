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

    def batches(
        self, size: int = BATCH_ROWS, *, dictionaries: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order, at most `size` at a time.

        With `dictionaries`, texts that repeat come as Arrow dictionaries, as they are stored.
        """
        repeated = self.repeated_texts() if dictionaries else []
        with pq.ParquetFile(self.path, read_dictionary=repeated) as file:
            yield from file.iter_batches(size)

    def repeated_texts(self) -> list[str]:
        """Return the columns of texts that are stored as dictionaries."""
        metadata = pq.read_metadata(self.path)
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        texts = [field.name for field in self.schema if pa.types.is_string(field.type)]
        stored = [group.column(n) for group in groups for n in range(metadata.num_columns)]
        plain = {column.path_in_schema for column in stored if not column.has_dictionary_page}
        return [name for name in texts if name not in plain]
