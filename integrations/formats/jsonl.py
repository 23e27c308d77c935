"""Rows as JSON lines: one object a line, its members in the order of the columns."""

import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from integrations.formats.leaves import leaf_text
from integrations.formats.quoting import TEXT, data_of, join, replaced
from integrations.formats.text import json_of, unwrapped
from integrations.rows import Rows
from integrations.rows.ahead import ahead

# What must not stand in a JSON text as it is.
SPECIAL = '["\\\\\\x00-\\x1f]'
NOT_NUMBERS = pa.array(["NaN", "Infinity", "-Infinity"], TEXT)


def write_rows(rows: Rows, settings: dict) -> Iterator[bytes]:
    """Yield the rows as bytes of a file, in blocks of whole lines."""
    yield from ahead(block, rows.portions(dictionaries=True))


def block(batch: pa.RecordBatch) -> bytes:
    """Return the lines of the batch."""
    if not batch.num_columns:
        return b"{}\n" * batch.num_rows
    parts, before = [], "{"
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        parts += [f"{before}{json.dumps(name, ensure_ascii=False)}:", value_of(column, name)]
        before = ","
    return data_of(join([*parts, "}\n"], null="null"))


def value_of(column: pa.Array, name: str) -> pa.Array:
    """Return each value as JSON; nulls stay null."""
    if types.is_dictionary(column.type) and len(column.dictionary) < len(column) // 2:
        return value_of(column.dictionary, name).take(column.indices)
    column = unwrapped(column)
    if types.is_nested(column.type):
        return pc.if_else(column.is_valid(), pa.array(json_of(column, name), TEXT), None)
    texts, kind = leaf_text(column, name), column.type
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_decimal(kind):
        return texts
    if types.is_floating(kind):
        odd = pc.is_in(texts, NOT_NUMBERS)
        return replaced(texts, odd, quoted(texts.filter(odd))) if pc.any(odd).as_py() else texts
    return quoted(escaped(texts))


def quoted(texts: pa.Array) -> pa.Array:
    return join(['"', texts, '"'])


def escaped(texts: pa.Array) -> pa.Array:
    """Return the texts as they stand between quotes; few need care."""
    odd = pc.match_substring_regex(texts, SPECIAL)
    if not pc.any(odd).as_py():
        return texts
    cared_for = [
        json.dumps(text, ensure_ascii=False)[1:-1] for text in texts.filter(odd).to_pylist()
    ]
    return replaced(texts, odd, pa.array(cared_for, TEXT))
