"""Lines of a record batch, made column by column with Arrow's own functions."""

import pyarrow as pa
from pyarrow import types

from integrations.formats.dialect import Dialect
from integrations.formats.quoting import data_of, join, written
from integrations.formats.text import text_of


def block(batch: pa.RecordBatch, dialect: Dialect) -> bytes:
    """Return the lines of the batch."""
    named = zip(batch.schema.names, batch.columns, strict=True)
    *cells, last = (cells_of(column, name, dialect) for name, column in named)
    last = join([last, dialect.newline], null=dialect.null)
    return data_of(join([*cells, last], dialect.delimiter, null=dialect.null))


def cells_of(column: pa.Array, name: str, dialect: Dialect) -> pa.Array:
    """Return the column as it stands in the file; values that repeat are written once."""
    if is_repeated_text(column) and len(column.dictionary) < len(column) // 2:
        once = written(text_of(column.dictionary, name), dialect)
        return once.take(column.indices)
    return written(text_of(column, name), dialect)


def is_repeated_text(column: pa.Array) -> bool:
    return types.is_dictionary(column.type) and types.is_string(column.type.value_type)
