"""Arrow's writer of Parquet files, a group of rows at a time."""

from collections.abc import Iterator

WIDE_BYTES = 128 << 20  # of a batch, whose rows are then too wide to be in memory together
GROUP_ROWS, GROUP_BYTES = 61_440, 32 << 20  # of a group of rows, which waits until it is written
SELDOM = 10  # rows for each value of a text, from which on it is worth a dictionary


class TooWide(Exception):
    """The rows take too much memory to be written like this."""


class CannotWrite(Exception):
    """The file could not be written, as the system says."""


def write(batches, schema, path: str) -> int:
    """Write batches to a Parquet file, and return how many rows they have.

    Raise TooWide or CannotWrite, or what the batches raise.
    """
    file, rows = File(path, schema), 0
    for group in groups(batches):
        file.write(group)
        rows += sum(batch.num_rows for batch in group)
        del group  # before the next one is made
    file.close()
    return rows


def groups(batches) -> Iterator[list]:
    """Yield batches that make a group of rows together."""
    held, rows, size = [], 0, 0
    for batch in batches:
        if batch.nbytes > WIDE_BYTES:
            raise TooWide
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield held
            held, rows, size = [], 0, 0
    if held:
        yield held


class File:
    """A Parquet file that grows by a group of rows at a time."""

    def __init__(self, path, schema):
        self.path, self.schema, self.writer = path, schema, None

    def write(self, group: list) -> None:
        import pyarrow as pa

        try:
            self.writer = self.writer or self.opened(group[0])
            table = pa.Table.from_batches(group, self.schema)
            self.writer.write_table(table, row_group_size=table.num_rows)
        except OSError as error:
            raise CannotWrite(f"{self.path}: {error}") from None

    def close(self) -> None:
        """End the file, which has no group where there are no rows."""
        try:
            (self.writer or self.opened()).close()
        except OSError as error:
            raise CannotWrite(f"{self.path}: {error}") from None

    def opened(self, sample=None):
        """Return a writer that makes dictionaries where the values of a sample come often."""
        import pyarrow.parquet as pq

        return pq.ParquetWriter(
            self.path,
            self.schema,
            compression="lz4",
            use_dictionary=False if sample is None else repeated(sample),
            write_statistics=False,
            store_schema=False,
            store_decimal_as_integer=True,
        )


def repeated(sample) -> list[str]:
    """Return the columns of texts whose values come often."""
    import pyarrow as pa

    columns = zip(sample.schema, sample.columns, strict=True)
    texts = [
        (field.name, column) for field, column in columns if pa.types.is_large_string(field.type)
    ]
    most = sample.num_rows // SELDOM
    return [name for name, column in texts if len(set(column.to_pylist())) <= most]
