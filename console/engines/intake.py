"""Look into uploads and turn them into Parquet, inside the child."""

import csv
import re

import _duckdb as duckdb

from console.engines import types
from console.engines.plain_text import BadFile, broken_json, check_text, unpacked

SAMPLE_ROWS = 20
SHOWN = 500  # characters of a value in the sample
MOST_COLUMNS = 2000
LONGEST_NAME = 120  # and room for a number after it
SNIFFED_ROWS = 500_000
DELIMITERS = ",;\t|"
NUMBER = re.compile(r"[-+]?[\d.,]+%?")
# The narrowest type that keeps every character that matters: a leading zero makes a text.
GUESSES = {
    "BIGINT": r"-?(0|[1-9]\d{0,18})",
    "DOUBLE": r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?([eE][-+]?\d{1,3})?",
    "BOOLEAN": r"(?i:true|false)",
    "DATE": r"\d{4}-\d{2}-\d{2}",
    "TIMESTAMP": r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?",
}


def sniff(connection, request):
    """Return columns, types, the first rows and whether the first line holds names."""
    source = open_source(connection, request)
    rows = connection.execute(f"SELECT * FROM {source.read(source.found)} LIMIT {SAMPLE_ROWS}")
    sample = [
        [None if cell is None else str(cell)[:SHOWN] for cell in row] for row in rows.fetchall()
    ]
    columns = [
        (name, types.trino(kind)) for name, kind in zip(source.names, source.found, strict=True)
    ]
    return {"columns": columns, "sample": sample, "header": source.header}


def convert(connection, request):
    """Write the upload's rows as Parquet with the chosen names and types."""
    source = open_source(connection, request)
    found = [types.trino(kind) for kind in source.found]
    chosen = request["columns"] or list(zip(source.names, found, strict=True))
    if len(chosen) != len(source.names):
        raise BadFile(f"The file has {len(source.names)} columns, not {len(chosen)}.")
    columns = request["into"] or chosen
    given = placed([name for name, _ in chosen], columns)
    kinds = [types.duckdb(dict(columns)[name]) for name, _ in chosen]
    picked = ", ".join(cast(given.get(name, "NULL"), name, kind) for name, kind in columns)
    output = types.literal(f"{request['folder']}/output.parquet")
    sql = (
        f"COPY (SELECT {picked} FROM {source.read(kinds)} AS file({', '.join(given.values())}))"
        f" TO {output} (FORMAT parquet, COMPRESSION zstd)"
    )
    return {"columns": [list(column) for column in columns], "rows": source.run(sql)[0][0]}


def cast(value, name, kind):
    return f"CAST({value} AS {types.stored(types.duckdb(kind))}) AS {types.quote(name)}"


def placed(names, columns):
    """Return {name: placeholder} of the file's columns, which the table must have."""
    known = [name for name, _ in columns]
    for name in names:
        if name not in known:
            raise BadFile(f'The table has no column "{name}". It has {", ".join(known)}.')
    return {name: f"c{index}" for index, name in enumerate(names)}


def open_source(connection, request):
    path = unpacked(request["file"], request["folder"], request["max_mb"])
    if request["kind"] == "parquet":
        return ParquetFile(connection, path)
    check_text(path)
    if request["kind"] == "jsonl":
        return JsonLines(connection, path)
    return Delimited(connection, path, request)


class File:
    """An upload: `names` and `found` (DuckDB types) of its columns, and how to read it."""

    header = False

    def __init__(self, connection, path):
        self.connection, self.path = connection, path
        self.look()

    def run(self, sql):
        """Run SQL over the file; its errors name the line."""
        try:
            return self.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise self.explain(error) from None

    def explain(self, error):
        return error


class ParquetFile(File):
    def look(self):
        found = self.run(f"DESCRIBE SELECT * FROM {self.read(())}")
        self.names = clean_names([row[0] for row in found])
        self.found = [row[1] for row in found]

    def read(self, _kinds):
        return f"read_parquet({types.literal(self.path)})"

    def explain(self, _error):
        return BadFile("The file is not a readable Parquet file.")


class JsonLines(File):
    def look(self):
        options = (
            "format = 'newline_delimited', records = true, sample_size = -1, maximum_depth = 3"
        )
        found = self.run(f"DESCRIBE SELECT * FROM read_json({types.literal(self.path)}, {options})")
        self.keys = [row[0] for row in found]
        self.names = clean_names(self.keys)
        self.found = [simple(row[1]) for row in found]

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


def simple(kind):
    """Return the type for a JSON value: lists of plain values stay lists, the rest is JSON."""
    if any(word in kind for word in ("STRUCT", "MAP", "JSON")):
        return "JSON"
    return types.stored(kind)


class Delimited(File):
    """CSV and TSV as RFC 4180 has them."""

    def __init__(self, connection, path, request):
        self.tabs, self.wanted = request["kind"] == "tsv", request["header"]
        super().__init__(connection, path)

    def look(self):
        first = self.first_record()
        self.header = looks_like_names(first) if self.wanted is None else self.wanted
        self.names = clean_names(first if self.header else [""] * len(first))
        self.found = self.guess()

    def first_record(self):
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline(PREVIEW)
            self.delimiter = "\t" if self.tabs else max(DELIMITERS, key=bare(line).count)
            file.seek(0)
            try:
                return next(csv.reader(file, delimiter=self.delimiter, strict=True))
            except (csv.Error, StopIteration) as error:
                raise BadFile(f"Line 1: {error or 'there is nothing'}.") from None

    def read(self, kinds):
        columns = ", ".join(f"'c{i}': {types.literal(kind)}" for i, kind in enumerate(kinds))
        options = (
            f"delim = {types.literal(self.delimiter)}, header = {self.header}, quote = '\"',"
            " escape = '\"', auto_detect = false, strict_mode = true, nullstr = '',"
            " allow_quoted_nulls = false, max_line_size = 20000000"
        )
        return f"read_csv({types.literal(self.path)}, {options}, columns = {{{columns}}})"

    def guess(self):
        """Return the narrowest type that fits every value of each column."""
        count = len(self.names)
        checks = ", ".join(fits_all(f"c{i}", kind) for i in range(count) for kind in GUESSES)
        filled = ", ".join(f"count(c{i})" for i in range(count))
        text = self.read(["VARCHAR"] * count)
        row = self.run(f"SELECT {checks}, {filled} FROM (FROM {text} LIMIT {SNIFFED_ROWS})")[0]
        width = len(GUESSES)
        return [
            narrowest(row[i * width : (i + 1) * width]) if row[count * width + i] else "VARCHAR"
            for i in range(count)
        ]

    def explain(self, error):
        text = said(error)
        line = re.search(r"CSV Error on Line: (\d+)", text)
        if not line:
            return BadFile(text.split("\n")[0])
        return BadFile(f"Line {line[1]}: {csv_reason(text)}.")


PREVIEW = 1 << 20


def bare(line):
    """Return a line without its quoted parts."""
    return re.sub(r'"[^"]*"', "", line)


def fits_all(column, kind):
    pattern = types.literal(GUESSES[kind])
    fits = f"regexp_full_match({column}, {pattern}) AND TRY_CAST({column} AS {kind}) IS NOT NULL"
    return f"coalesce(bool_and({fits}) FILTER ({column} IS NOT NULL), false)"


def narrowest(fits):
    return next((kind for kind, fit in zip(GUESSES, fits, strict=True) if fit), "VARCHAR")


def csv_reason(text):
    """Return why DuckDB refused a line, in a few words."""
    if counts := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text):
        return uneven(expected=int(counts[1]), found=int(counts[2]))
    if "unterminated quote" in text:
        return "a quote is not closed"
    if value := re.search(r"Could not convert string \"(.*?)\" to '(.*?)'", text, re.DOTALL):
        return f'"{value[1]}" is not a {types.trino(value[2])}'
    reasons = [part for part in text.split("\n")[1:] if part and not part.startswith("Original")]
    return reasons[0].rstrip(".") if reasons else "it cannot be read"


def uneven(*, expected, found):
    """Say how many values a line has. DuckDB counts no further than one too many."""
    if found > expected:
        return f"more values than the {expected} expected"
    return f"{found} value{'' if found == 1 else 's'} where {expected} were expected"


def said(error):
    """Return the message inside an exception of DuckDB."""
    from console.engines.work import Complaint

    return str(Complaint.of(error))


def looks_like_names(record):
    """Return whether a first record holds column names rather than values."""
    filled = all(cell.strip() for cell in record)
    plain = not any(NUMBER.fullmatch(cell.strip()) or "@" in cell for cell in record)
    return filled and plain and len({cell.lower() for cell in record}) == len(record)


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
