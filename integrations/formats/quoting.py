"""Quotes and escapes, put in where a value needs them.

Most values need none. Looking for the few characters that call for care is a search
in one buffer for a whole column, so only the rows that hold one are built anew.
"""

from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from integrations.formats.dialect import Dialect

TEXT = pa.large_string()  # a block of short lines, or one row of several GB


def written(column: pa.Array, dialect: Dialect) -> pa.Array:
    """Return the column of texts as it stands in the file; nulls stay null."""
    if dialect.policy == "ALL":
        return quoted(escaped(column, dialect), dialect)
    masks = in_need(column, dialect)
    if not masks:
        return column
    mask = reduce(pc.or_, masks)
    return replaced(column, mask, cared_for(column.filter(mask), dialect))


def in_need(column: pa.Array, dialect: Dialect) -> list[pa.Array]:
    """Return masks of the values that cannot stand as they are, none where all can."""
    data = data_of(column)
    masks = [
        pc.match_substring(column, character)
        for character in dialect.special
        if character.encode() in data
    ]
    if dialect.policy == "MINIMAL" and dialect.null.encode() in data:
        equal = pc.equal(column, dialect.null)
        if pc.any(equal).as_py():
            masks.append(equal)
    return masks


def replaced(column: pa.Array, mask: pa.Array, values: pa.Array) -> pa.Array:
    """Return the column with the values in the places of the mask."""
    return pc.replace_with_mask(column, pc.fill_null(mask, fill_value=False), values)


def cared_for(values: pa.Array, dialect: Dialect) -> pa.Array:
    values = escaped(values, dialect)
    return quoted(values, dialect) if dialect.policy == "MINIMAL" else values


def escaped(column: pa.Array, dialect: Dialect) -> pa.Array:
    """Return the texts with what must not stand in them escaped, and one kind of newline."""
    data = data_of(column)
    before_newline = ""
    replacements = [("\r\n", "\n"), ("\r", "\n")]
    if dialect.policy == "NONE":
        before_newline = dialect.escape
        replacements.append((dialect.delimiter, dialect.escape + dialect.delimiter))
    else:
        replacements.append((dialect.quote, dialect.escape + dialect.quote))
    for old, new in replacements:
        if old[0].encode() in data:
            column = pc.replace_substring(column, old, new)
    if b"\n" in data or b"\r" in data:
        column = pc.replace_substring(column, "\n", before_newline + dialect.newline_in_field)
    return column


def quoted(column: pa.Array, dialect: Dialect) -> pa.Array:
    return join([dialect.quote, column, dialect.quote])


def join(parts: list, separator: str = "", *, null: str | None = None) -> pa.Array:
    """Return the texts of each row as one. Without a text for it, null makes the row null."""
    scalars = [
        pa.scalar(part, TEXT) if isinstance(part, str) else part for part in [*parts, separator]
    ]
    if null is None:
        return pc.binary_join_element_wise(*scalars)
    return pc.binary_join_element_wise(*scalars, null_handling="replace", null_replacement=null)


def offsets_of(column: pa.Array) -> pa.Array:
    """Return where each value starts in the buffer, and where the last one ends."""
    return pa.Array.from_buffers(
        pa.int64(), len(column) + 1, [None, column.buffers()[1]], offset=column.offset
    )


def bytes_of(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of all values, and where in them each starts and the last one ends."""
    if not len(column):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)  # It need not have buffers.
    offsets = offsets_of(column).to_numpy()
    found = np.frombuffer(column.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    return found, offsets - offsets[0]


def data_of(column: pa.Array) -> bytes:
    """Return the bytes of all values, one after the other."""
    data = column.buffers()[2]
    if data is None or not len(column):
        return b""
    offsets = offsets_of(column)
    start, end = offsets[0].as_py(), offsets[-1].as_py()
    return data.slice(start, end - start).to_pybytes()
