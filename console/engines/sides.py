"""Inside the child: files of rows that are compared, each column called by its place.

So a column may have any name, and rows may be delivered under another one than before.
"""

import _duckdb as duckdb

from console.engines.types import literal, quote

ROW = "file_row_number"
FLOATING = ("DOUBLE", "FLOAT")
GROUP_ROWS = 122_880
FEW_ROWS = 4096  # of results that are too wide to have many in memory


class Side:
    """A file of rows: the names and types of its columns, and which of them are the key."""

    def __init__(self, connection, path, key, *, width=None, skip=0):
        self.path, self.key = literal(path), key
        found = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({self.path})").fetchall()
        self.all = [row[0] for row in found]
        chosen = found[skip : None if width is None else skip + width]
        self.names, self.types = [row[0] for row in chosen], [row[1] for row in chosen]

    def select(self, letter, *, like=None, texts=()):
        """Return the SELECT of its rows: columns a0 …, key ak0 …, and arow, its place in the file.

        `like` is a side in whose columns they are; keys whose number is in `texts` are texts.
        """
        like = like or self
        columns = [
            f"{self.value(like, number)} AS {letter}{number}" for number in range(len(like.names))
        ]
        keys = [
            f"{self.part(number, texts)} AS {letter}k{number}" for number in range(len(self.key))
        ]
        # A column of the name that DuckDB has for the place of a row would hide that.
        place, more = (ROW, ", file_row_number = true")
        if any(name.lower() == ROW for name in self.all):
            place, more = "row_number() OVER () - 1", ""
        picked = ", ".join([*columns, *keys, f"{place} AS {letter}row"])
        return f"SELECT {picked} FROM read_parquet({self.path}{more})"

    def value(self, like, number):
        """Return its value for a column: by place; by name where the columns became others."""
        if self.types == like.types:
            return quote(self.names[number])
        if like.names[number] not in self.names:
            return f"CAST(NULL AS {like.types[number]})"
        return f"TRY_CAST({quote(like.names[number])} AS {like.types[number]})"

    def part(self, number, texts):
        name = quote(self.names[self.key[number]])
        return f"CAST({name} AS VARCHAR)" if number in texts else name

    def key_types(self):
        return [self.types[at] for at in self.key]


def side_of(connection, given):
    """Return the side of a file that is told with what stands before and behind its columns."""
    return Side(connection, given["path"], given["key"], width=given["width"], skip=given["skip"])


def key_texts(sides):
    """Return the numbers of the keys that have different types: they are compared as texts."""
    kinds = zip(*(side.key_types() for side in sides), strict=True)
    return {number for number, found in enumerate(kinds) if len(set(found)) > 1}


def unlike(kind, one, other):
    """Return the condition that two values differ in any way that can be seen, as 0.0 and -0.0."""
    differ = f"{one} IS DISTINCT FROM {other}"
    if kind in FLOATING:
        return f"{differ} OR signbit({one}) IS DISTINCT FROM signbit({other})"
    if any(name in kind for name in FLOATING):
        return f"{differ} OR CAST({one} AS VARCHAR) IS DISTINCT FROM CAST({other} AS VARCHAR)"
    return differ


def same_key(width, one, other):
    return " AND ".join(f"{one}k{number} = {other}k{number}" for number in range(width))


def copy(connection, rows, path):
    """Write rows to a file: of wide ones a second try has few in memory together."""

    def copied(many):
        kind = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {many}"
        connection.execute(f"COPY ({rows}) TO {literal(path)} ({kind})")

    try:
        copied(GROUP_ROWS)
    except duckdb.OutOfMemoryException:
        copied(FEW_ROWS)


def count(connection, rows):
    return connection.execute(f"SELECT count(*) FROM ({rows})").fetchone()[0]
