"""Names of types: DuckDB's, and Trino's as people see them."""

import re

TRINO_NAMES = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "DOUBLE": "double",
    "FLOAT": "real",
    "VARCHAR": "varchar",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time(6)",
    "TIMESTAMP": "timestamp(6)",
    "TIMESTAMP_S": "timestamp(0)",
    "TIMESTAMP_MS": "timestamp(3)",
    "TIMESTAMP_NS": "timestamp(9)",
    "TIMESTAMP WITH TIME ZONE": "timestamp(6) with time zone",
    "BLOB": "varbinary",
    "JSON": "json",
    "UUID": "uuid",
    "INTERVAL": "interval day to second",
    '"NULL"': "unknown",
}
LARGEST_MB = 16  # of one value of a result: a reader has memory for no more
TRINO_QUOTES = '"'  # An apostrophe can be part of a name there.
DUCKDB_NAMES = {name: duckdb for duckdb, name in TRINO_NAMES.items()}
# Types that Trino or Parquet do not have, and what keeps every value of them, or fails.
STORED_AS = {
    "HUGEINT": "BIGINT",
    "UHUGEINT": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "UINTEGER": "BIGINT",
    "USMALLINT": "INTEGER",
    "UTINYINT": "SMALLINT",
    "BIGNUM": "VARCHAR",
    "BIT": "VARCHAR",
    "INTERVAL": "VARCHAR",
    "TIME": "VARCHAR",
    "TIME_NS": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    "UUID": "VARCHAR",
    "JSON": "VARCHAR",
    '"NULL"': "VARCHAR",
}


def stored(duckdb_type):
    """Return the DuckDB type in which a result's column is kept in Parquet."""
    if duckdb_type.endswith("]"):
        members, _, length = duckdb_type.rpartition("[")
        return f"{stored(members)}[{length}"
    kind, _, inside = duckdb_type.partition("(")
    if kind == "ENUM":
        return "VARCHAR"
    if kind in NESTED:
        return f"{kind}({', '.join(NESTED[kind](member) for member in split(inside[:-1]))})"
    return STORED_AS.get(duckdb_type, duckdb_type)


def stored_field(text):
    """Return a field with the type in which it is kept; its name can be that of a type."""
    name, kind = parted(text)
    return f"{name} {stored(kind)}"


# What is between the brackets of a type that is made of others.
NESTED = {"STRUCT": stored_field, "UNION": stored_field, "MAP": stored, "TUPLE": stored}


def trino(duckdb_type):
    """Return Trino's name of a DuckDB type."""
    if duckdb_type.endswith("]"):
        return f"array({trino(duckdb_type[: duckdb_type.rindex('[')])})"
    if parts := composite(duckdb_type):
        name, members = parts
        return f"{name}({', '.join(members)})"
    return TRINO_NAMES.get(duckdb_type, duckdb_type.lower())


def composite(duckdb_type):
    """Return Trino's name and members of a map or a struct."""
    if duckdb_type.startswith("MAP("):
        return "map", [trino(member) for member in split(duckdb_type[4:-1])]
    if duckdb_type.startswith("STRUCT("):
        members = [field(member) for member in split(duckdb_type[7:-1])]
        return "row", [f"{name} {trino(kind)}" for name, kind in members]
    return None


def field(text):
    """Return name and type of a struct's field such as `"a b" INTEGER`."""
    name, kind = parted(text)
    return name.strip('"'), kind


def parted(text):
    """Return the name of a struct's field as it is written, and the type."""
    name = re.match(r'"(?:[^"]|"")*"|\S+', text)[0]
    return name, text[len(name) :].strip()


def split(text, quotes="\"'"):
    """Split at the commas that stand outside brackets and quotes."""
    depth, quoted, parts, start = 0, "", [], 0
    for index, letter in enumerate(text):
        if letter in quotes and quoted in ("", letter):
            quoted = "" if quoted else letter
        depth += 0 if quoted else (letter in "([") - (letter in ")]")
        if letter == "," and not depth and not quoted:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def duckdb(trino_type):
    """Return DuckDB's name of one of Trino's types."""
    kind = trino_type.strip()
    if kind.startswith("array("):
        return f"{duckdb(kind[6:-1])}[]"
    if kind.startswith("map("):
        return f"MAP({', '.join(duckdb(member) for member in split(kind[4:-1], TRINO_QUOTES))})"
    if kind.startswith("row("):
        members = [field(member) for member in split(kind[4:-1], TRINO_QUOTES)]
        return f"STRUCT({', '.join(f'{quote(name)} {duckdb(kind)}' for name, kind in members)})"
    if kind.startswith("timestamp(") and kind.endswith(" with time zone"):
        return "TIMESTAMP WITH TIME ZONE"
    return DUCKDB_NAMES.get(kind, kind.upper())


def is_nested(duckdb_type):
    """Return whether values of a type are made of others."""
    return duckdb_type.endswith("]") or duckdb_type.partition("(")[0] in NESTED


def quote(name):
    """Return a name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    """Return a text as a SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def twins(names) -> str:
    """Return what to say where two columns have one name, by which a file tells them apart."""
    seen = set()
    for name in names:
        if name.lower() in seen:
            return f'Two columns are named "{name}": give each its own name with AS.'
        seen.add(name.lower())
    return ""


WIDTHS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL", "FLOAT", "DOUBLE")


def fits(found, wanted):
    """Return whether values of one DuckDB type go into another without being asked to."""
    if found == wanted or found == '"NULL"':
        return True
    if {found, wanted} <= {"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}:
        return wanted != "DATE"
    narrow, wide = (kind.partition("(")[0] for kind in (found, wanted))
    if narrow == wide == "DECIMAL":
        return places(found) <= places(wanted)  # Others would be rounded away, unasked.
    if narrow in WIDTHS and wide in WIDTHS:
        return WIDTHS.index(narrow) <= WIDTHS.index(wide)
    return found.endswith("]") and wanted.endswith("]") and fits(found[:-2], wanted[:-2])


def places(decimal):
    """Return how many digits after the point a type such as DECIMAL(10,2) has."""
    return int(re.search(r",\s*(\d+)", decimal)[1])
