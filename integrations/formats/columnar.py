"""Rows as a Parquet file, which is made a row group at a time."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from integrations.rows import Rows

GROUP_ROWS = 1 << 20
GROUP_BYTES = 32 << 20  # of values in memory


class Tray:
    """A file that hands on what is written to it."""

    def __init__(self):
        self.pieces = []
        self.closed = False

    def write(self, data) -> int:
        piece = bytes(data)
        self.pieces.append(piece)
        return len(piece)

    def flush(self):
        pass

    def close(self):
        self.closed = True

    def taken(self) -> bytes:
        made, self.pieces = b"".join(self.pieces), []
        return made


def write_rows(rows: Rows, settings: dict) -> Iterator[bytes]:
    """Yield the bytes of a Parquet file with the rows: the same ones for the same rows."""
    tray, schema = Tray(), nullable(rows.schema)
    with pq.ParquetWriter(tray, schema, compression="snappy") as writer:
        for group in groups(rows, schema):
            writer.write_table(group, row_group_size=GROUP_ROWS)
            yield tray.taken()
    yield tray.taken()


def nullable(schema: pa.Schema) -> pa.Schema:
    """Return the schema without what is known of nulls: rows are read without it."""
    return pa.schema([field.with_nullable(True) for field in schema])


def groups(rows: Rows, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows in tables that fit well in memory."""
    waiting, count, size = [], 0, 0
    for portion in rows.portions():
        waiting.append(portion)
        count, size = count + portion.num_rows, size + portion.nbytes
        if count >= GROUP_ROWS or size >= GROUP_BYTES:
            yield pa.Table.from_batches(waiting, schema)
            waiting, count, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting, schema)
