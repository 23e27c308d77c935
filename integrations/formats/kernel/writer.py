"""Record batches written by the kernel, into a buffer that each thread keeps."""

import hashlib
from pathlib import Path
from threading import local

import numpy as np
import pyarrow as pa

from integrations.formats.dialect import Dialect
from integrations.formats.kernel.columns import COLUMN, describe, readable
from integrations.formats.kernel.lines import compiled
from integrations.formats.kernel.marks import marks_of, padded, touches_values
from integrations.formats.text import text_of

BUFFER_BYTES = 4 << 20
LONGEST_VALUE = 48  # no number or time is longer, with quotes and a delimiter
FOLDER = Path(__file__).parent


def version() -> str:
    """Return what changes with any source of the kernel: numba looks at one file only."""
    sources = sorted(FOLDER.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


put_lines = compiled(version())


class Writer:
    """Writes batches in one dialect. Any number of threads may share it."""

    def __init__(self, dialect: Dialect):
        self.only_texts = touches_values(dialect)
        self.null = padded(dialect.null)
        self.marks = marks_of(dialect, self.null)
        self.kept = local()

    def block(self, batch: pa.RecordBatch) -> bytes:
        """Return the lines of the batch."""
        columns = Columns(batch, only_texts=self.only_texts)
        margin = self.margin(batch.num_columns)
        buffer = self.buffer(margin)
        parts, row = [], 0
        while row < batch.num_rows:
            begin, limit = buffer.ctypes.data, buffer.ctypes.data + buffer.size - margin
            next_row, end, doubtful = put_lines(
                columns.records, self.marks, batch.num_rows, row, begin, limit
            )
            parts.append(buffer[: end - begin].tobytes())
            if doubtful >= 0:
                columns.as_text(doubtful)
            elif next_row == row:
                buffer = np.empty(2 * buffer.size, np.uint8)
            row = next_row
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def margin(self, columns: int) -> int:
        """Return how long a line can be but for its texts."""
        return (columns + 1) * (LONGEST_VALUE + self.null.size)

    def buffer(self, margin: int) -> np.ndarray:
        """Return the buffer of this thread. A longer one for giant rows is not kept."""
        if not hasattr(self.kept, "buffer"):
            self.kept.buffer = np.empty(BUFFER_BYTES + margin, np.uint8)
        return self.kept.buffer


class Columns:
    """The columns of a batch, and what the kernel knows of them."""

    def __init__(self, batch: pa.RecordBatch, *, only_texts: bool):
        self.names = batch.schema.names
        self.arrays = [
            readable(column, name, only_texts=only_texts)
            for column, name in zip(batch.columns, self.names, strict=True)
        ]
        self.records = np.zeros(len(self.arrays), COLUMN)
        for record, column in zip(self.records, self.arrays, strict=True):
            describe(record, column)

    def as_text(self, number: int) -> None:
        """Let Arrow write the values of a column."""
        self.arrays[number] = text_of(self.arrays[number], self.names[number])
        describe(self.records[number], self.arrays[number])
