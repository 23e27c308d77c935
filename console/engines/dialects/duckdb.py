"""DuckDB's own dialect: only the head of a statement is read here, the rest goes as it is."""

import re

from sqlglot import Dialect
from sqlglot.errors import TokenError
from sqlglot.tokens import TokenType

from console.engines.dialects import names
from console.engines.statement import QueryError, Statement

# Atomic groups: what was read as a comment is never read in another way, which would be endless.
BLANK = r"(?:\s|--[^\n]*(?:\n|$)|/\*(?>.*?(?:\*/|\Z)))"
PART = r'(?:"(?:[^"]|"")+"|\w+)'
NAME = rf"(?P<name>{PART}(?:\s*\.\s*{PART}){{0,2}})"
COLUMNS = rf"(?:\(\s*(?P<columns>{PART}(?:\s*,\s*{PART})*)\s*\))?"
HEADS = {
    "create": rf"CREATE\s+TABLE\s+(?P<if>IF\s+NOT\s+EXISTS\s+)?{NAME}\s+AS\b",
    "insert": rf"INSERT\s+INTO\s+{NAME}\s*{COLUMNS}(?=[\s(])",
    "drop": rf"DROP\s+TABLE\s+(?P<if>IF\s+EXISTS\s+)?{NAME}\s*+;?{BLANK}*+$",
}
HEADS = {
    kind: re.compile(rf"{BLANK}*+{pattern}", re.IGNORECASE | re.DOTALL)
    for kind, pattern in HEADS.items()
}


def read(sql, *, database, tables, scheduled_time, timezone):
    """Return the Statement of a text in DuckDB's dialect."""
    if not re.sub(BLANK, "", sql, flags=re.DOTALL).strip(";"):
        raise QueryError("There is no SQL to run.", 1, 1)
    kind, head = read_head(sql)
    at = head.end() if head else 0
    body = "" if kind == "drop" else without_end(sql[at:])
    found = head.groupdict() if head else {}
    target = names.target(parts(head["name"]), database) if head else None
    return Statement(
        kind,
        sql,
        database,
        engine="duckdb",
        body=body,
        body_at=at,
        target=target,
        columns=tuple(name.lower() for name in parts(found.get("columns") or "")),
        types=names.types_of(target, tables) if kind == "insert" else (),
        if_exists=bool(found.get("if")),
        tables=names.mentioned(body, tables),
        readable=names.pairs(tables),
        scheduled_time=scheduled_time,
        timezone=timezone,
    )


def kind(sql):
    """Return the kind of the Statement that a text is."""
    return read_head(sql)[0]


def read_head(sql):
    for kind, pattern in HEADS.items():
        if head := pattern.match(sql):
            return kind, head
    return "select", None


def without_end(text):
    """Return a text without the semicolons and comments after its last word."""
    try:
        tokens = Dialect.get_or_raise("duckdb").tokenize(text)
    except TokenError:
        return text  # DuckDB tells better what is wrong
    words = [token for token in tokens if token.token_type is not TokenType.SEMICOLON]
    return text[: words[-1].end + 1] if words else text


def parts(text):
    return [part.strip('"').replace('""', '"') for part in re.findall(PART, text)]
