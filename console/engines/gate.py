"""Allow-list of what a query may contain, checked on DuckDB's own syntax tree."""

NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
SOURCES = {
    *("BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION"),
    *("EMPTY", "EXPRESSION_LIST", "PIVOT", "COLUMN_DATA"),
}
TABLE_FUNCTIONS = {"unnest", "range", "generate_series", "generate_subscripts", "json_each"}
# They run SQL, read files or tell about the server.
FORBIDDEN_FUNCTIONS = {
    *("query", "query_table", "json_execute_serialized_sql", "getenv", "getvariable"),
    *("current_setting", "set_config", "current_query", "current_schemas", "current_database"),
    *("in_search_path", "txid_current", "nextval", "currval", "write_log"),
    "parse_duckdb_log_message",
}
FORBIDDEN_PREFIXES = ("read_", "duckdb_", "pragma_", "pg_", "parquet_", "sniff_", "glob", "enable_")


class Refused(Exception):
    """The query contains something that is not allowed."""

    def __init__(self, reason, *, at=None, table=None):
        super().__init__(reason)
        self.at, self.table = at, table


def check(statements, database, tables):
    """Raise Refused unless the tree is one SELECT over the given tables."""
    if len(statements) != 1:
        raise Refused("Write exactly one statement.")
    visit(statements[0]["node"], Scope(database, tables))


class Scope:
    """Names that can stand after FROM at one place of the query."""

    def __init__(self, database, tables, names=frozenset()):
        self.database, self.tables, self.names = database, tables, names

    def knowing(self, name):
        """Return the scope with the name of an entry of a WITH."""
        return Scope(self.database, self.tables, self.names | {name.lower()})

    def has(self, path):
        name = [part.lower() for part in path]
        if len(name) == 1 and name[0] in self.names:
            return True
        database, table = name if len(name) == 2 else (self.database, name[-1])
        return len(name) <= 2 and table in self.tables.get(database, ())


def cte_entries(node):
    ctes = node.get("cte_map")
    return ctes.get("map", []) if isinstance(ctes, dict) else []


def visit(tree, scope):
    """Check a part of the tree and all below it."""
    if isinstance(tree, list):
        for item in tree:
            visit(item, scope)
    elif isinstance(tree, dict):
        check_part(tree, scope)
        inner = after_entries(tree, scope)
        for key, value in tree.items():
            if key != "cte_map":
                visit(value, inside(tree, key, inner))


def after_entries(node, scope):
    """Check the entries of a WITH, which know those before them, and return the scope of the rest.

    DuckDB finds a table of its own catalog where a name is not yet, or no longer, that of an entry.
    """
    for entry in cte_entries(node):
        visit(entry["value"], scope)
        scope = scope.knowing(entry["key"])
    return scope


def inside(node, key, scope):
    """Return the scope of a part of a node: the part that repeats knows the name of the whole."""
    if node.get("type") == "RECURSIVE_CTE_NODE" and key == "right":
        return scope.knowing(node["cte_name"])
    return scope


def check_part(part, scope):
    kind = part.get("type")
    if not isinstance(kind, str):
        return
    if kind.endswith("_NODE"):
        if kind not in NODES:
            raise Refused("Only SELECT can stand here.", at=part.get("query_location"))
    elif part.get("class"):
        check_expression(part)
    elif kind in SOURCES:
        check_source(part, scope)
    elif kind in {"SHOW_REF", "TABLE_REF", "DELIM_GET", "CTE", "BOUND_TABLE_REF"}:
        raise Refused("DESCRIBE, SHOW and SUMMARIZE are not available: use SELECT.")


def check_source(part, scope):
    at = part.get("query_location")
    if part["type"] == "BASE_TABLE":
        path = part["qualified_name"]["path"]
        if not scope.has(path):
            raise Refused("", at=at, table=path)
    elif part["type"] == "TABLE_FUNCTION":
        name = function_name(part.get("function", {}))
        if name not in TABLE_FUNCTIONS:
            raise Refused(f"The table function {name} is not available.", at=at)


def check_expression(part):
    name = function_name(part)
    if name in FORBIDDEN_FUNCTIONS or name.startswith(FORBIDDEN_PREFIXES):
        reason = f"The function {name} is not available."
        raise Refused(reason, at=part.get("query_location"))


def function_name(part):
    path = part.get("qualified_name", {}).get("path") or [part.get("function_name", "")]
    return path[-1].lower() if "function_name" in part else ""
