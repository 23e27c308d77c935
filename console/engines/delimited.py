"""CSV and TSV files that people upload, as RFC 4180 has them."""

import csv
import re

from console.engines import exact, types
from console.engines.files import File, clean_names, said
from console.engines.plain_text import BadFile

FIRST_ROWS = 20_000  # they tell which types are worth a look at all rows
LONGEST_LINE = 20_000_000
PREVIEW = 1 << 20
DELIMITERS = ",;\t|"
NUMBER = re.compile(r"[-+]?[\d.,]+%?")
# The narrowest type that keeps every character that matters: a leading zero makes a text.
GUESSES = {
    "BIGINT": r"-?(0|[1-9]\d{0,18})",
    "DOUBLE": r"-?(0|[1-9]\d{0,14})(\.\d{1,20})?([eE][-+]?\d{1,3})?",
    "BOOLEAN": r"(?i:true|false)",
    "DATE": r"\d{4}-\d{2}-\d{2}",
    "TIMESTAMP": r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?",
}


class Delimited(File):
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
            records = csv.reader(file, delimiter=self.delimiter)
            if self.header:
                next(records, None)
            line = records.line_num + 1
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


def bare(line):
    """Return a line without its quoted parts."""
    return re.sub(r'"[^"]*"', "", line)


def fits_all(column, kind):
    pattern = types.literal(GUESSES[kind])
    fits = f"regexp_full_match({column}, {pattern}) AND TRY_CAST({column} AS {kind}) IS NOT NULL"
    if kind == "DOUBLE":
        fits = f"{fits} AND {exact.is_double(column)}"
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


def looks_like_names(record):
    """Return whether a first record holds column names rather than values."""
    filled = all(cell.strip() for cell in record)
    plain = not any(NUMBER.fullmatch(cell.strip()) or "@" in cell for cell in record)
    return filled and plain and len({cell.lower() for cell in record}) == len(record)
