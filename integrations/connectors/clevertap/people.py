"""Whom rows are of, as numbers."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from integrations.connectors.clevertap.layout import layout_of
from integrations.connectors.clevertap.operations import operation_of
from integrations.connectors.clevertap.records import blank_as_null
from integrations.formats.quoting import TEXT
from integrations.formats.text import text_of

NOBODY = hash("")


def people_of(rows: pa.RecordBatch, settings: dict) -> np.ndarray:
    """Return a line of numbers for each column of identities, with one for each row.

    Two people can have the same number: their rows are kept in order too, which does no harm.
    """
    operation = operation_of(settings)
    fields = layout_of(rows.schema.names, operation).fields
    lines = [numbers_of(rows[fields[name]]) for name in operation.ordered if name in fields]
    return np.array(lines, np.int64).reshape(len(lines), rows.num_rows)


def nobody(rows: pa.RecordBatch) -> np.ndarray:
    return np.empty((0, rows.num_rows), np.int64)


def numbers_of(column: pa.Array) -> np.ndarray:
    texts = pc.fill_null(blank_as_null(text_of(column).cast(TEXT)), "").to_pylist()
    return np.fromiter(map(hash, texts), np.int64, len(texts))
