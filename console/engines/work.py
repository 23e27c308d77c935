"""What the child can do: run a query into a Parquet file."""

import json

import _duckdb as duckdb

from console.engines import (
    comparing,
    functions,
    gate,
    holding,
    intake,
    intervals,
    settling,
    streaming,
    types,
    writing,
)

LONGEST = 1000  # characters of a message: it can hold values of any length
GROUP_ROWS = 122_880  # that are in memory together while a result is written: many read fastest
LASTING = "zstd"
PASSING = "lz4_raw"  # of results, which are kept for days: written in four fifths of the time
FEW_ROWS = 4096  # of a result that is too wide for that
NESTED = ("array", "map", "row")
MEASURES = dict.fromkeys(NESTED, "strlen(CAST({} AS VARCHAR))") | {
    "varchar": "strlen({})",
    "json": "strlen({})",
    "varbinary": "octet_length({})",
}


class Complaint(Exception):
    """An error inside the child, with the place in the DuckDB SQL it is about."""

    def __init__(self, message, *, kind="", at=None, **more):
        super().__init__(message)
        self.kind, self.at, self.more = kind, at, more

    @classmethod
    def of(cls, error, prefix=0):
        """Return the complaint in an exception of DuckDB, whose text is JSON."""
        text = str(error)
        try:
            found = json.loads(text[text.index("{") :])
        except ValueError:
            kind, _, message = text.partition(" Error: ")
            return cls(message or text, kind=kind)
        at = found.get("position")
        more = {key: found[key] for key in ("name", "candidates", "error_subtype") if key in found}
        at = None if at is None or int(at) < prefix else int(at) - prefix
        return cls(found["exception_message"], kind=found["exception_type"], at=at, **more)

    def as_dict(self):
        more = {key: cut(value) for key, value in self.more.items()}
        return {"message": cut(str(self)), "type": self.kind, "at": self.at} | more


def cut(value):
    """Return a text that is not too long to be told; other values as they are."""
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value


class Wrapped:
    """Run SQL around the user's text; complaints point into the text itself."""

    def __init__(self, connection, text):
        self.connection, self.text = connection, text

    def execute(self, before, after=""):
        prefix = len(before.encode())
        try:
            return self.connection.execute(f"{before}{self.text}\n{after}").fetchall()
        except duckdb.Error as error:
            raise Complaint.of(error, prefix) from None


def query(connection, request):
    """Write the rows of a query to the output file."""
    tree = check(connection, request)
    prepare(connection, request)
    intervals.fix(connection, tree)
    body = Wrapped(connection, request["sql"])
    found = [(row[0], row[1]) for row in body.execute("DESCRIBE ")]
    columns = fit(found, request["into"], request["columns"]) if request["into"] else plain(found)
    names = ", ".join(f"c{index}" for index in range(len(found)))
    picked = ", ".join(f"{bounded(*column)} AS {types.quote(column[0])}" for column in columns)
    codec = LASTING if request["lasts"] else PASSING
    first = "" if request["most"] is None else f" LIMIT {int(request['most'])}"
    around = f"SELECT {picked} FROM (", f") AS result({names}){first}"
    plan = body.execute(f"EXPLAIN (FORMAT json) {around[0]}", around[1])[0][1]
    streams = request["streams"] and streaming.suits([types.stored(kind) for _, kind in found])
    written = streamed(body, around, request["folder"]) if streams else None
    if written is None:
        holding.bound(connection, plan, len(columns), request)
        most = FEW_ROWS if streams else GROUP_ROWS
        written = write(body, around, request["folder"], codec, most)
    return {"columns": [(name, kind) for name, _, kind in columns], "rows": written}


def streamed(body, around, folder):
    """Write what is selected to the output file, and return how many rows that are.

    Return None where they need more memory than that leaves them.
    """
    before, after = around
    sql = f"{before}{body.text}\n{after}"
    try:
        return streaming.write(body.connection, sql, f"{folder}/output.parquet")
    except (writing.TooWide, MemoryError):
        return None
    except writing.CannotWrite as error:
        raise Complaint(str(error), kind="IO") from None
    except (duckdb.Error, OSError) as error:
        complaint = Complaint.of(error, len(before.encode()))
    if complaint.kind == "Out of Memory":
        return None
    raise complaint


def write(body, around, folder, codec, most):
    """Write what is selected to the output file, and return how many rows that are.

    So many rows at most are in memory until they are written.

    Wide rows may not fit in memory by the hundred thousand: then a second try has few together.
    """
    output = types.literal(f"{folder}/output.parquet")
    before, after = around

    def copied(rows):
        kind = f"FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {rows}"
        return body.execute(f"COPY ({before}", f"{after}) TO {output} ({kind})")[0][0]

    try:
        return copied(most)
    except Complaint as complaint:
        if complaint.kind != "Out of Memory" or most == FEW_ROWS:
            raise
    return copied(FEW_ROWS)


def bounded(name, value, kind):
    """Return a value that fails where it is larger than a reader has memory for."""
    measure = MEASURES.get(kind.partition("(")[0])
    if measure is None:
        return value
    most = types.LARGEST_MB
    message = types.literal(
        f'Column "{cut(name)}" holds a value larger than the {most} MB that one may have'
    )
    size = measure.format(value)
    return f"CASE WHEN {size} > {most << 20} THEN error({message}) ELSE {value} END"


def check(connection, request):
    """Refuse a query that is not a SELECT over the tables it may read. Return its tree."""
    ask = "SELECT json_serialize_sql($1, skip_null := true, skip_empty := true)"
    tree = json.loads(connection.execute(ask, [request["sql"]]).fetchone()[0])
    if tree["error"]:
        raise syntax_complaint(tree)
    try:
        gate.check(tree["statements"], request["database"], request["tables"])
    except gate.Refused as refused:
        kind = "Table" if refused.table else "Refused"
        table = refused.table
        raise Complaint(str(refused), kind=kind, at=refused.at, table=table) from None
    return tree["statements"]


def syntax_complaint(tree):
    if tree["error_type"] == "not implemented":
        return Complaint("", kind="Statement")
    at = int(tree["position"]) if "position" in tree else None
    return Complaint(tree["error_message"], kind="Parser", at=at)


def prepare(connection, request):
    """Make the views of the tables and the functions that the query names."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {types.quote(request['database'])}")
    for database, tables in request["tables"].items():
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {types.quote(database)}")
        for table, files in tables.items():
            paths = ", ".join(map(types.literal, files))
            name = f"{types.quote(database)}.{types.quote(table)}"
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{paths}])")
    for macro in functions.needed(request["sql"], request["scheduled_time"]):
        connection.execute(macro)
    connection.execute(f"USE {types.quote(request['database'])}")


def plain(found):
    """Return (name, value, Trino type) of each column of a result."""
    if told := types.twins([name for name, _ in found]):
        raise Complaint(told, kind="Refused")
    return [
        (name, keep(f"c{index}", kind), types.trino(kept(kind)))
        for index, (name, kind) in enumerate(found)
    ]


def kept(kind):
    return kind if kind == "JSON" else types.stored(kind)


def keep(value, kind):
    """Return a value in the type in which it can be kept."""
    stored = types.stored(kind)
    return value if stored == kind else f"CAST({value} AS {stored})"


def fit(found, into, chosen):
    """Return the columns of a table with the values of a query for them."""
    chosen = chosen or [name for name, _ in into]
    if len(found) != len(chosen):
        counts = f"The query has {len(found)} columns, INSERT wants {len(chosen)}"
        raise Complaint(f"{counts}: {', '.join(chosen)}.", kind="Refused")
    given = {
        name: (f"c{i}", kind) for i, (name, (_, kind)) in enumerate(zip(chosen, found, strict=True))
    }
    return [(name, fitted(name, kind, given.get(name)), kind) for name, kind in into]


def fitted(name, kind, given):
    """Return the value for a table's column, complaining when its type does not fit."""
    wanted = types.stored(types.duckdb(kind))
    if given is None:
        return f"CAST(NULL AS {wanted})"
    value, found = given
    if not types.fits(found, wanted) and not types.fits(types.stored(found), wanted):
        message = f'Column "{name}" is {kind} in the table, the query gives {types.trino(found)}'
        raise Complaint(f"{message}: use CAST.", kind="Refused")
    return f"CAST({value} AS {wanted})"


WORK = {
    "query": query,
    "sniff": intake.sniff,
    "convert": intake.convert,
    "compare": comparing.compare,
    "settle": settling.settle,
}
