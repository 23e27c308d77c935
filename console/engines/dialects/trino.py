"""Trino's dialect, as at Treasure Data, turned into DuckDB's."""

from sqlglot import ErrorLevel, exp
from sqlglot.errors import ParseError, TokenError, UnsupportedError

from console.engines.dialects import cluster, names, trino_functions
from console.engines.dialects.parsing import trees as parsed
from console.engines.dialects.trees import entries_of, position, tables_in
from console.engines.statement import NoTable, QueryError, Statement

MAX_LENGTH = 1_000_000
ALLOWED = "Only SELECT, CREATE TABLE … AS, INSERT INTO and DROP TABLE can be run."


def read(sql, *, database, tables, scheduled_time, timezone):
    """Return the Statement of a text in Trino's dialect."""
    tree = parse(sql)
    kind, target, body = take_apart(tree, database)
    made = {"body": ""}
    if body is not None:
        check_tables(body, database, tables)
        if cluster.is_remote(body, database, tables):
            made = for_cluster(sql, kind, body, database, tables)
        else:
            made = {"body": to_duckdb(body)}
    return Statement(
        kind,
        sql,
        database,
        **made,
        target=target,
        columns=insert_columns(tree) if kind == "insert" else (),
        types=names.types_of(target, tables) if kind == "insert" else (),
        if_exists=bool(tree.args.get("exists")),
        tables=names.mentioned(made["body"], tables),
        readable=names.pairs(tables),
        scheduled_time=scheduled_time,
        timezone=timezone,
    )


def kind(sql):
    """Return the kind of the Statement that a text is."""
    return take_apart(parse(sql), "")[0]


def parse(sql):
    """Return the one statement of a text as a tree."""
    if len(sql) > MAX_LENGTH:
        raise QueryError(f"The query is longer than {MAX_LENGTH:,} characters.")
    try:
        trees = parsed(sql, "trino")
    except ParseError as error:
        raise syntax_error(sql, error) from None
    except TokenError as error:
        raise QueryError(unfinished(str(error)), *last_position(sql)) from None
    except RecursionError:
        raise QueryError("The query is nested too deeply.") from None
    trees = [tree for tree in trees if not isinstance(tree, exp.Semicolon)]
    if not trees:
        raise QueryError("There is no SQL to run.", 1, 1)
    if len(trees) > 1:
        raise QueryError("Write exactly one statement.", *position(trees[1]))
    return trees[0]


def take_apart(tree, database):
    """Return kind, written table and query of a statement."""
    if isinstance(tree, exp.Query):
        return "select", None, tree
    if isinstance(tree, exp.Insert) and not tree.args.get("overwrite"):
        return "insert", target(tree.this, database), with_entries(tree, tree.expression)
    if isinstance(tree, exp.Create | exp.Drop) and tree.args.get("kind") == "TABLE":
        kind = "create" if isinstance(tree, exp.Create) else "drop"
        if kind == "create" and tree.args.get("replace"):
            raise QueryError("CREATE OR REPLACE is not available: DROP the table first.", 1, 1)
        query = None if kind == "drop" else tree.expression or columns_query(tree)
        query = with_entries(tree, query)
        written = tree.this if kind == "create" else only(tree.args["tables"])
        return kind, target(written, database), query
    raise QueryError(ALLOWED, 1, 1)


def with_entries(tree, query):
    """Return the query of a statement with the WITH before that, as Hive writes it.

    Trino wants it behind INSERT INTO and AS; it means the same.
    """
    before = entries_of(tree)
    if not before:
        return query
    if not isinstance(query, exp.Query) or entries_of(query):
        message = "Write one WITH, right before the SELECT that it is for."
        raise QueryError(message, *position(before))
    query.set("with_", before.pop())
    return query


def target(node, database):
    """Return (database, table) that a statement writes."""
    table = node.find(exp.Table)
    if table is None or not isinstance(table.this, exp.Identifier):
        raise QueryError(ALLOWED, 1, 1)
    return names.target([part.name for part in table.parts], database)


def only(nodes):
    """Return the one table of a DROP."""
    if len(nodes) > 1:
        raise QueryError("Drop one table at a time.", *position(nodes[1]))
    return nodes[0]


def columns_query(tree):
    """Return a query without rows that has the columns of a CREATE TABLE (…)."""
    columns = list(tree.this.find_all(exp.ColumnDef)) if tree.this else []
    if not columns or any(column.kind is None for column in columns):
        raise QueryError("Say which columns the table has, or use CREATE TABLE … AS SELECT.", 1, 1)
    values = [exp.cast(exp.null(), column.kind).as_(column.name) for column in columns]
    return exp.select(*values).where(exp.false())


def insert_columns(tree):
    """Return the column list of an INSERT in lower case."""
    listed = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
    return tuple(column.name.lower() for column in listed)


def check_tables(body, database, tables):
    """Complain about the first table that the author may not read."""
    for table in tables_in(body):
        if table.catalog:
            message = f"Write {table.db}.{table.name}: a table's name has at most two parts."
            raise QueryError(message, *position(table))
        place, name = (table.db or database).lower(), table.name.lower()
        if name not in tables.get(place, {}):
            message = names.missing(place, name, names.pairs(tables))
            raise NoTable(message, *position(table), database=place)


def for_cluster(sql, kind, body, database, tables):
    """Return the SQL of a query that a Trino cluster is asked, and of the constants in it."""
    if end := body.root().find(exp.WithDataProperty):
        message = "For rows of the Trino cluster leave out WITH DATA, or WITH NO DATA."
        raise QueryError(message, *position(end))
    rewriting = cluster.Rewriting(sql, kind, body, database, tables)
    made = {"body": rewriting.rewritten(), "mark": rewriting.mark}
    constants = to_duckdb(exp.select(*rewriting.constants)) if rewriting.constants else ""
    return made | {"constants": constants, "reads": frozenset(rewriting.read)}


def to_duckdb(body):
    """Return DuckDB SQL with the meaning of a Trino query."""
    body = name_columns(trino_functions.translate(body.copy()))
    try:
        return body.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise QueryError(f"{error.args[0].splitlines()[0].rstrip('.')}.") from None
    except RecursionError:
        raise QueryError("The query is nested too deeply.") from None


def name_columns(body):
    """Give result columns without a name the ones they have in Trino: _col0, _col1…"""
    first = body
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    if isinstance(first, exp.Select):
        named = [
            value if is_named(value) else value.as_(f"_col{index}")
            for index, value in enumerate(first.expressions)
        ]
        first.set("expressions", named)
    return body


def is_named(value):
    return isinstance(value, exp.Alias | exp.Aliases | exp.Column | exp.Dot) or value.is_star


def syntax_error(sql, error):
    """Return the first complaint of the parser, without its jargon."""
    found = error.errors[0]
    word = found["highlight"]
    column = max(found["col"] - len(word) + 1, 1)
    if not word.strip():
        return QueryError("The query ends too early.", *last_position(sql))
    what = found["description"].rstrip(".")
    if what.startswith(("Invalid expression", "Required keyword", "Expected")):
        what = "SQL is not understood here"
    return QueryError(f'{what}: near "{word}".', found["line"], column)


def unfinished(text):
    """Say what was left open at the end of the text."""
    if "Missing" in text:
        return f"A quote or comment is not closed: {text[text.index('Missing') :].splitlines()[0]}."
    return "The text cannot be read as SQL: a quote or comment is not closed."


def last_position(sql):
    lines = sql.rstrip().split("\n")
    return len(lines), len(lines[-1]) + 1
