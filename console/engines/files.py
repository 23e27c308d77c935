"""The files that people upload: their columns, and how DuckDB reads each kind."""

import csv
import json
import re

import _duckdb as duckdb

from console.engines import exact, types
from console.engines.plain_text import BadFile, broken_json, check_text, unpacked

MOST_COLUMNS = 2000
LONGEST_NAME = 120  # and room for a number after it
FIRST_ROWS = 20_000  # they tell which types are worth a look at all rows
LONGEST_LINE = 20_000_000
# DuckDB's types of JSON values that are kept as they are.
AS_THEY_ARE = ("VARCHAR", "JSON", "BOOLEAN")
TEXTS = ("VARCHAR", "JSON")
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


def open_source(connection, request):
    path = unpacked(request["file"], request["folder"], request["max_mb"])
    if request["kind"] == "parquet":
        return ParquetFile(connection, path)
    check_text(path)
    if request["kind"] == "jsonl":
        return JsonLines(connection, path)
    return Delimited(connection, path, request)


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
    def look(self):
        found = self.run(f"DESCRIBE SELECT * FROM {self.read(())}")
        self.names = clean_names([row[0] for row in found])
        self.found = [row[1] for row in found]

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
        return [self.read_as(*pair) for pair in zip(self.found, wanted, strict=True)]

    def read_as(self, found, wanted):
        """Numbers and times are read as they are written; lists as DuckDB found them."""
        if wanted in TEXTS:
            return wanted
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


class Delimited(File):
    """CSV and TSV as RFC 4180 has them."""

    def __init__(self, connection, path, request):
        self.tabs, self.wanted = request["kind"] == "tsv", request["header"]
        super().__init__(connection, path)

    def look(self):
        first = self.first_record()
        self.header = looks_like_names(first) if self.wanted is None else self.wanted
        self.names = clean_names(first if self.header else [""] * len(first))

    def kinds(self):
        """Return the narrowest type that fits every value of each column.

        The first rows tell which can; of these alone, all rows are asked.
        """
        file = self.read(self.reading(self.names))
        kinds = {i: list(GUESSES) for i in range(len(self.names))}
        count, filled, kinds = self.fitting(f"(FROM {file} LIMIT {FIRST_ROWS})", kinds)
        if count == FIRST_ROWS:
            _, filled, kinds = self.fitting(file, kinds)
        return [kinds[i][0] if filled[i] and kinds[i] else "VARCHAR" for i in kinds]

    def fitting(self, rows, kinds):
        """Return how many rows and values in each column there are, and which of the kinds fit."""
        asked = [(i, kind) for i, some in kinds.items() for kind in some]
        values = [f"count(c{i})" for i in kinds] + [fits_all(f"c{i}", kind) for i, kind in asked]
        (found,) = self.run(f"SELECT count(*), {', '.join(values)} FROM {rows}")
        fits = {i: [] for i in kinds}
        for (i, kind), fit in zip(asked, found[len(kinds) + 1 :], strict=True):
            fits[i] += [kind] if fit else []
        return found[0], found[1 : len(kinds) + 1], fits

    def reading(self, wanted):
        return ["VARCHAR"] * len(wanted)

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
            f" allow_quoted_nulls = false, max_line_size = {LONGEST_LINE}"
        )
        return f"read_csv({types.literal(self.path)}, {options}, columns = {{{columns}}})"

    def place(self, lost):
        csv.field_size_limit(LONGEST_LINE)
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            records, line = csv.reader(file, delimiter=self.delimiter), 1
            for record in records:
                if lost.value in (cell[: exact.SHOWN] for cell in record[lost.column :][:1]):
                    return f"Line {line}: "
                line = records.line_num + 1
        return ""

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
    return f"coalesce(bool_and({fits}) FILTER ({column} IS NOT NULL), true)"


def csv_reason(text):
    """Return why DuckDB refused a line, in a few words."""
    if counts := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text):
        return uneven(expected=int(counts[1]), found=int(counts[2]))
    if "unterminated quote" in text:
        return "a quote is not closed"
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
