"""Record batches written by the kernel, into a buffer that each thread keeps."""

from threading import local

import numpy as np
import pyarrow as pa

from integrations.formats.dialect import Dialect
from integrations.formats.kernel.columns import (
    REPEATED_TEXT,
    described,
    described_as_written,
    readable,
)
from integrations.formats.kernel.machine_code import kernel
from integrations.formats.kernel.marks import marks_of, padded, touches_values, words_of
from integrations.formats.text import text_of

BUFFER_BYTES = 4 << 20
DICTIONARY_BYTES = 256 << 10
LONGEST_VALUE = 64  # no number or time is longer, with quotes and what a last block writes behind
GROWTH = 3  # of a text that is all newlines
QUOTES = 2
NEXT_ROW, DOUBTFUL = 3, 7  # words of a call


class Writer:
    """Writes batches in one dialect. Any number of threads may share it."""

    def __init__(self, dialect: Dialect):
        self.kernel = kernel()
        self.only_texts = touches_values(dialect)
        self.null = padded(dialect.null)
        self.marks = marks_of(dialect, self.null)
        self.words = words_of(self.marks)
        self.kept = local()

    def block(self, batch: pa.RecordBatch) -> bytes:
        """Return the lines of the batch."""
        columns = Columns(batch, only_texts=self.only_texts)
        for number in columns.dictionaries():
            columns.use_written(number, self.written(columns.arrays[number].dictionary))
        margin = self.margin(batch.num_columns)
        buffer = self.buffer(margin)
        parts, row = [], 0
        while row < batch.num_rows:
            begin = buffer.ctypes.data
            place = (begin, begin + buffer.size - margin)
            end, next_row, doubtful = self.lines(columns.words, (row, batch.num_rows), place)
            parts.append(buffer[: end - begin].tobytes())
            if doubtful >= 0:
                columns.as_text(doubtful)
            elif next_row == row:
                buffer = np.empty(2 * buffer.size, np.uint8)
            row = next_row
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def lines(self, columns: list, rows: tuple, place: tuple, marks=None) -> tuple[int, int, int]:
        """Write lines; return where they end, the row that comes next and a doubtful column."""
        words = np.array(columns, np.int64)
        marks = self.words if marks is None else marks
        addresses = words.ctypes.data, len(columns), marks.ctypes.data
        call = np.array([*addresses, *rows, *place, 0], np.int64)
        end = self.kernel(call.ctypes.data)
        return end, int(call[NEXT_ROW]), int(call[DOUBTFUL])

    def written(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Return the texts of a dictionary as they stand in the file, and where each starts."""
        size = GROWTH * texts.nbytes + QUOTES * len(texts)
        buffer = np.zeros(size + self.margin(1), np.uint8)
        starts = np.empty(len(texts) + 1, np.int64)
        marks = words_of(self.marks._replace(end=0, end_size=0, starts=starts.ctypes.data))
        begin = buffer.ctypes.data
        place = (begin, begin + size)
        starts[-1], *_ = self.lines([described(texts)], (0, len(texts)), place, marks)
        return buffer, starts

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
        self.words = [described(column) for column in self.arrays]
        self.written = []  # what the words point to

    def dictionaries(self) -> list[int]:
        """Return the columns whose few texts are written before they are copied many times."""
        repeated = (n for n, words in enumerate(self.words) if words[0] == REPEATED_TEXT)
        return [n for n in repeated if is_short(self.arrays[n].dictionary, len(self.arrays[n]))]

    def use_written(self, number: int, written: tuple[np.ndarray, np.ndarray]) -> None:
        self.written.append(written)
        self.words[number] = described_as_written(self.arrays[number], written[1])

    def as_text(self, number: int) -> None:
        """Let Arrow write the values of a column."""
        self.arrays[number] = text_of(self.arrays[number], self.names[number])
        self.words[number] = described(self.arrays[number])


def is_short(dictionary: pa.Array, rows: int) -> bool:
    return len(dictionary) <= rows // 2 and dictionary.nbytes <= DICTIONARY_BYTES
