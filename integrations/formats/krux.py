"""Rows as lines of Krux: a user, and the attributes of that user.

A line is USER^NAME:VALUE;NAME:VALUE1,VALUE2. The first column is the user, the second one the
segments; every other one is an attribute of its name. What is null or empty is left out, in
lists too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from integrations.formats.lists import is_list, owners
from integrations.formats.quoting import TEXT, data_of, join
from integrations.formats.text import text_of, unwrapped
from integrations.rows import Rows
from integrations.rows.ahead import ahead

BETWEEN = ":"  # a name and its value; nobody writes it otherwise


@dataclass(frozen=True)
class Marks:
    """The characters that tell the parts of a line from each other."""

    field: str = "^"
    attribute: str = ";"
    value: str = ","
    segments: str = "segment"  # the name of the attribute that segments are

    @property
    def all(self) -> str:
        return f"{self.field}{self.attribute}{self.value}{BETWEEN}\r\n"


def marks_of(settings: dict) -> Marks:
    """Return what the settings ask for."""
    usual = Marks()
    return Marks(
        field=settings.get("field_separator", usual.field),
        attribute=settings.get("attribute_separator", usual.attribute),
        value=settings.get("value_separator", usual.value),
        segments=settings.get("segment_attribute", usual.segments),
    )


def write_rows(rows: Rows, settings: dict) -> Iterator[bytes]:
    """Yield the rows as bytes of a file, in blocks of whole lines."""
    marks = marks_of(settings)
    yield from ahead(lambda batch: block(batch, marks), rows.portions())


def block(batch: pa.RecordBatch, marks: Marks) -> bytes:
    """Return the lines of the batch."""
    user, segments, *attributes = batch.columns
    named = zip(batch.schema.names[2:], attributes, strict=True)
    given = [attribute(name, values(column, marks, name)) for name, column in named]
    given.append(attribute(marks.segments, segments_of(segments, marks)))
    # Those that are null are skipped, with the mark that would stand before them.
    listed = pc.binary_join_element_wise(
        *given, pa.scalar(marks.attribute, TEXT), null_handling="skip"
    )
    return data_of(join([text_of(user), marks.field, listed, "\n"], null=""))


def attribute(name: str, texts: pa.Array) -> pa.Array:
    """Return NAME:VALUE, null where there is no value."""
    return join([f"{name}{BETWEEN}", nulls_for_empty(texts)])


def segments_of(column: pa.Array, marks: Marks) -> pa.Array:
    """Return the segments of each user with the mark of the file between them."""
    texts = text_of(column)
    return texts if marks.value == "," else pc.replace_substring(texts, ",", marks.value)


def values(column: pa.Array, marks: Marks, name: str = "") -> pa.Array:
    """Return the values of a column as texts; of a list, all that say something, joined."""
    column = unwrapped(column)
    if not is_list(column.type):
        return text_of(column, name)
    texts = text_of(pc.list_flatten(column), name)
    said = pc.fill_null(pc.not_equal(texts, ""), False)
    counts = np.bincount(owners(column)[said.to_numpy(zero_copy_only=False)], minlength=len(column))
    lists = pa.LargeListArray.from_arrays(starts(counts), texts.filter(said))
    return pc.binary_join(lists, pa.scalar(marks.value, TEXT))


def starts(counts: np.ndarray) -> pa.Array:
    """Return where the members of each list begin among all of them, and where the last end."""
    return pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int64())


def nulls_for_empty(texts: pa.Array) -> pa.Array:
    empty = pc.equal(texts, "")
    return pc.if_else(pc.fill_null(empty, True), pa.scalar(None, TEXT), texts)
