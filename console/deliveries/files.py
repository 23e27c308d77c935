"""The file of a delivery: Parquet with the columns of the table, for each identifier in order."""

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from console.deliveries.asking import Token
from console.tables import log

GROUP = 16_384  # entries of a row group: what a search reads to find one
DIGITS = 16  # of a hash
ABOUT = "console.deliveries"
SAME = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        (name, pa.int64() if kind == "bigint" else pa.string() if name == "identifier" else SAME)
        for name, kind in log.COLUMNS
    ]
)


class Section(NamedTuple):
    """What entries have in common: whether they arrived, their type, the column they were in."""

    status: str
    type: str
    column: str


class Hit(NamedTuple):
    """An entry that was looked for."""

    token: str
    section: Section


class Writer:
    """Writes the file of a delivery, which has its name once it is whole and on the disk."""

    def __init__(self, path: Path, facts: dict):
        self.path, self.facts = path, facts
        self.entries = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self.draft = path.with_name(f".{path.name}.part")
        self.file = pq.ParquetWriter(
            self.draft,
            SCHEMA,
            compression="zstd",
            use_dictionary=[name for name in SCHEMA.names if name != "identifier"],
            # They are in order, so that the first digits of one are mostly those of the last.
            column_encoding={"identifier": "DELTA_BYTE_ARRAY"},
            write_statistics=["identifier", "identifier_type"],
        )

    def add(self, section: Section, tokens: pa.Array) -> None:
        """Add entries of a section, in order behind those that it has."""
        if len(tokens):
            self.file.write_table(self.table(section, tokens), row_group_size=GROUP)
            self.entries += len(tokens)

    def table(self, section, tokens):
        known = self.facts | {
            "status": section.status,
            "identifier_type": section.type,
            "identifier_column": section.column,
        }
        return pa.table([self.column(name, tokens, known) for name in SCHEMA.names], SCHEMA)

    def column(self, name, tokens, known):
        if name == "identifier":
            return tokens
        if SCHEMA.field(name).type != SAME:
            return pa.array(np.full(len(tokens), known[name], np.int64))
        text = known[name]
        if text is None:
            return pa.nulls(len(tokens), SAME)
        return pa.DictionaryArray.from_arrays(np.zeros(len(tokens), np.int32), [text])

    def close(self, about: dict) -> None:
        """Give the file its name, with what it has to say of itself."""
        self.file.add_key_value_metadata({ABOUT: json.dumps(about)})
        self.file.close()
        with self.draft.open("rb") as file:
            os.fsync(file.fileno())
        self.draft.replace(self.path)

    def discard(self) -> None:
        self.file.close()
        self.draft.unlink(missing_ok=True)


def tokens_of(hashes: np.ndarray) -> pa.Array:
    """Return hashes as texts of hexadecimal digits."""
    text = hashes.astype(">u8").tobytes().hex().encode()
    places = np.arange(0, len(text) + 1, DIGITS, dtype=np.int32)
    return pa.StringArray.from_buffers(len(hashes), pa.py_buffer(places), pa.py_buffer(text))


def find(path: Path, tokens: Collection[Token]) -> list[Hit]:
    """Return which of the hashes are in a file, and in which sections."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        hits = []
        for number, some in groups_with(file.metadata, tokens):
            there = file.read_row_group(number, ["identifier"], use_threads=False)["identifier"]
            found = [token for token in some if pc.index(there, token).as_py() >= 0]
            if found:
                section = section_of(file, number)
                hits += [Hit(token, section) for token in found]
        return hits


def groups_with(metadata, tokens) -> Iterator[tuple[int, set[str]]]:
    """Yield the row groups that can hold some of the hashes, with those."""
    place, kind = map(SCHEMA.get_field_index, ("identifier", "identifier_type"))
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        known, type_ = group.column(place).statistics, group.column(kind).statistics.min
        first, last = known.min, known.max
        some = {each.hash for each in tokens if first <= each.hash <= last and each.fits(type_)}
        if some:
            yield number, some


def section_of(file, number) -> Section:
    """Return what all entries of a row group have in common."""
    names = ["status", "identifier_type", "identifier_column"]
    first = next(file.iter_batches(1, row_groups=[number], columns=names, use_threads=False))
    [row] = first.to_pylist()
    return Section(*(row[name] for name in names))


def told(path: Path) -> dict:
    """Return what a file says of itself: the number of its key, attributes, identifiers."""
    return json.loads(pq.read_metadata(path).metadata[ABOUT.encode()])


def changed(
    path: Path, new: Path, *, without: Collection[Hit] = (), status: str = ""
) -> tuple[int, int]:
    """Write the file anew without some entries, or with another status. Return entries and bytes.

    A file without entries is not written.
    """
    with pq.ParquetFile(path) as file:
        first = next(file.iter_batches(1, use_threads=False)).to_pylist()[0]
        writer = Writer(new, {name: first[name] for name in SCHEMA.names})
        try:
            for number in range(file.metadata.num_row_groups):
                there = file.read_row_group(number, ["identifier"])["identifier"].combine_chunks()
                section = section_of(file, number)
                gone = [hit.token for hit in without if hit.section == section]
                kept = there.filter(pc.invert(pc.is_in(there, pa.array(gone, "string"))))
                writer.add(section._replace(status=status or section.status), kept)
        except BaseException:
            writer.discard()
            raise
    if not writer.entries:
        writer.discard()
        return 0, 0
    writer.close(told(path))
    return writer.entries, new.stat().st_size
