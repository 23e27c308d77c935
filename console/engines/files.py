"""The files that people upload: their columns, and how DuckDB reads each kind."""

import json
import re

import _duckdb as duckdb

from console.engines import exact, json_numbers, types
from console.engines.plain_text import BadFile, broken_json

MOST_COLUMNS = 2000
LONGEST_NAME = 120  # and room for a number after it
ROWS_OF_MB = 19  # as a power of two: what a CSV of one column and one digit has
# DuckDB's types of JSON values that are kept as they are.
AS_THEY_ARE = ("VARCHAR", "JSON", "BOOLEAN")
TEXTS = ("VARCHAR", "JSON", "VARCHAR[]")
DOUBLES = ("DOUBLE", "FLOAT")


class File:
    """An upload: the `names` of its columns, their types, and how to read it.

    kinds() are the DuckDB types that keep all that is in the file, reading(wanted) those in which
    its columns are read to be cast to others, and place(lost) tells where a value is.
    """

    header = False

    def __init__(self, connection, path):
        self.connection, self.path = connection, path
        self.look()

    def run(self, sql):
        """Run SQL over the file; its errors name the line."""
        try:
            return self.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise exact.NotKept.of(said(error)) or self.explain(error) from None

    def explain(self, error):
        return error


class ParquetFile(File):
    def __init__(self, connection, path, max_mb):
        self.max_mb = max_mb
        super().__init__(connection, path)

    def look(self):
        self.check_size()
        found = self.run(f"DESCRIBE SELECT * FROM {self.read(())}")
        self.names = clean_names([row[0] for row in found])
        self.found = [row[1] for row in found]

    def check_size(self):
        """Refuse a file that is far larger than it looks: values that repeat take no room."""
        file = types.literal(self.path)
        sizes = f"SELECT sum(total_uncompressed_size) FROM parquet_metadata({file})"
        rows = f"SELECT sum(num_rows) FROM parquet_file_metadata({file})"
        ((size, count),) = self.run(f"SELECT ({sizes}), ({rows})")
        if (size or 0) > self.max_mb << 20:
            raise BadFile(f"The unpacked file is larger than the {self.max_mb:,} MB allowed.")
        if (count or 0) > (most := self.max_mb << ROWS_OF_MB):
            raise BadFile(f"The file has {count:,} rows, and {most:,} is the most.")

    def kinds(self):
        return self.found

    def reading(self, _wanted):
        return self.found

    def read(self, _kinds):
        return f"read_parquet({types.literal(self.path)})"

    def place(self, lost):
        names = ", ".join(f"c{i}" for i in range(len(self.names)))
        file = f"read_parquet({types.literal(self.path)}, file_row_number = true)"
        same = f"left(CAST(c{lost.column} AS VARCHAR), {exact.SHOWN}) = {types.literal(lost.value)}"
        (found,) = self.run(f"SELECT min(row) FROM {file} AS file({names}, row) WHERE {same}")
        return "" if found[0] is None else f"Row {found[0] + 1}: "

    def explain(self, _error):
        return BadFile("The file is not a readable Parquet file.")


class JsonLines(File):
    def __init__(self, connection, path, folder):
        self.folder, self.original = folder, path
        super().__init__(connection, path)

    def look(self):
        options = (
            "format = 'newline_delimited', records = true, sample_size = -1, maximum_depth = 3"
        )
        found = self.run(f"DESCRIBE SELECT * FROM read_json({types.literal(self.path)}, {options})")
        self.keys = [row[0] for row in found]
        self.names = clean_names(self.keys)
        self.found = [simple(row[1]) for row in found]

    def kinds(self):
        """Return what DuckDB found, and a text where that would change a value."""
        looked = [
            i
            for i, kind in enumerate(self.found)
            if kind not in AS_THEY_ARE and not types.is_nested(kind)
        ]
        if not looked:
            return self.found
        file = self.read(["JSON"] * len(self.found))
        names = ", ".join(f"c{i}" for i in range(len(self.found)))
        checks = ", ".join(all_kept(f"(c{i} ->> '$')", self.found[i]) for i in looked)
        (row,) = self.run(f"SELECT {checks} FROM {file} AS file({names})")
        kept = dict(zip(looked, row, strict=True))
        return [kind if kept.get(i, True) else "VARCHAR" for i, kind in enumerate(self.found)]

    def reading(self, wanted):
        pairs = list(zip(self.found, wanted, strict=True))
        found = {key: where(*pair) for key, pair in zip(self.keys, pairs, strict=True)}
        if places := {key: place for key, place in found.items() if place}:
            self.path = json_numbers.with_texts(self.original, self.folder, places)
        return [self.read_as(*pair) for pair in pairs]

    def read_as(self, found, wanted):
        """Numbers and times are read as they are written; lists as DuckDB found them."""
        if wanted in TEXTS:
            return wanted
        if found == "DOUBLE[]" and self.path != self.original:
            return "JSON"
        if types.is_nested(wanted):
            return found if types.is_nested(found) else wanted
        return "JSON"

    def place(self, lost):
        key = self.keys[lost.column]
        with self.path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and written(json.loads(line).get(key)) == lost.value:
                    return f"Line {number}: "
        return ""

    def read(self, kinds):
        pairs = zip(self.keys, kinds, strict=True)
        columns = ", ".join(f"{types.literal(key)}: {types.literal(kind)}" for key, kind in pairs)
        file = types.literal(self.path)
        options = "format = 'newline_delimited', records = true"
        return f"read_json({file}, {options}, columns = {{{columns}}})"

    def explain(self, error):
        if broken := broken_json(self.path):
            return BadFile(f"Line {broken[0]} is not JSON: {broken[1]}.")
        text = said(error)
        line = re.search(r"in line (\d+): (.*)", text)
        return BadFile(f"Line {line[1]}: {line[2].rstrip('.')}." if line else text.split("\n")[0])


def where(found, wanted):
    """Return where a column has numbers that DuckDB takes for doubles, and others are wanted."""
    if wanted == "JSON" or (found == "DOUBLE" and wanted in DOUBLES):
        return None
    if found in ("DOUBLE", "JSON") and not types.is_nested(wanted):
        return json_numbers.IN_OBJECT
    if found in ("DOUBLE[]", "JSON") and types.is_nested(wanted):
        return json_numbers.IN_LIST
    return None


def written(value):
    """Return a JSON value as DuckDB writes it."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def all_kept(text, kind):
    kept = f"coalesce({exact.text_keeps(text, kind)}, false)"
    return f"coalesce(bool_and({text} IS NULL OR {kept}), true)"


def simple(kind):
    """Return the type for a JSON value: lists of plain values stay lists, the rest is JSON."""
    if any(word in kind for word in ("STRUCT", "MAP", "JSON")):
        return "JSON"
    return types.stored(kind)


def said(error):
    """Return the message inside an exception of DuckDB."""
    from console.engines.work import Complaint

    return str(Complaint.of(error))


def clean_names(names):
    """Return names of lower-case letters, digits and underscores, each once."""
    if len(names) > MOST_COLUMNS:
        raise BadFile(f"The file has {len(names):,} columns: a table has at most {MOST_COLUMNS:,}.")
    cleaned = []
    for index, name in enumerate(names):
        base = re.sub(r"[^a-z0-9_]+", "_", name.strip().lower()).strip("_")
        base = base[:LONGEST_NAME] or f"column{index + 1}"
        number, candidate = 1, base
        while candidate in cleaned:
            number += 1
            candidate = f"{base}_{number}"
        cleaned.append(candidate)
    return cleaned
