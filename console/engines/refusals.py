"""A Trino cluster's errors in the words and positions of the person's own SQL."""

import re
from contextlib import contextmanager

from console.engines import complaints
from console.engines.asking import Refused
from console.engines.statement import QueryError, Statement
from integrations.errors import TransientError

FEW = 3  # retries of what is not of the network
PLACE = re.compile(r"^line \d+:\d+: ")
UNKNOWN = {
    "COLUMN_NOT_FOUND": re.compile(r"Column '(.*)' cannot be resolved"),
    "FUNCTION_NOT_FOUND": re.compile(r"Function '(.*)' not registered"),
}
ENDED = ("USER_CANCELED", "ADMINISTRATIVELY_KILLED")
# Errors about the text of the SQL: all others can quote what is in a row.
OF_TEXT = {
    *("SYNTAX_ERROR", "TYPE_MISMATCH", "COLUMN_NOT_FOUND", "FUNCTION_NOT_FOUND"),
    *("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "MISSING_CATALOG_NAME"),
    *("AMBIGUOUS_NAME", "COLUMN_TYPE_UNKNOWN", "NOT_SUPPORTED", "PERMISSION_DENIED"),
    *("EXPRESSION_NOT_AGGREGATE", "EXPRESSION_NOT_SCALAR", "MISMATCHED_COLUMN_ALIASES"),
    *("NESTED_AGGREGATION", "EXPRESSION_NOT_IN_DISTINCT", "AMBIGUOUS_FUNCTION_CALL"),
    *("INVALID_COLUMN_REFERENCE", "TYPE_NOT_FOUND", "FUNCTION_NOT_AGGREGATE"),
    *("MISSING_GROUP_BY", "MISSING_ORDER_BY", "INVALID_FUNCTION_PROPERTY"),
    *(*ENDED, "QUERY_REJECTED", "QUERY_HAS_TOO_MANY_STAGES", "QUERY_TEXT_TOO_LARGE"),
}
TOO_MUCH = {  # by the cluster's own bounds; another attempt meets them again
    *("EXCEEDED_GLOBAL_MEMORY_LIMIT", "EXCEEDED_LOCAL_MEMORY_LIMIT", "EXCEEDED_TIME_LIMIT"),
    *("EXCEEDED_CPU_LIMIT", "EXCEEDED_SCAN_LIMIT", "EXCEEDED_SPILL_LIMIT"),
}
PASSING = {"ABANDONED_QUERY", "SERVER_STARTING_UP", "SERVER_SHUTTING_DOWN", "QUERY_QUEUE_FULL"}
DENIED = "An administrator can let the console's user read it on the cluster."


@contextmanager
def told(statement: Statement | None = None):
    """Turn what the cluster refuses inside the block into the error for it."""
    try:
        yield
    except Refused as refused:
        raise error_of(refused.found, statement) from None


def error_of(found, statement) -> Exception:
    """Return the QueryError of an error, or a TransientError where it may pass."""
    name, message = found.get("errorName", ""), words(found)
    lasting = found.get("errorType") == "USER_ERROR" and name not in PASSING
    if lasting or name in TOO_MUCH:
        plain = name in OF_TEXT | TOO_MUCH
        hidden = message if plain else f"The Trino cluster refused a value ({name})."
        return QueryError(message, *place(found, statement), told=hidden)
    return TransientError(
        f"The Trino cluster could not run the query ({name or 'without a reason'}).",
        remedy="Ask its administrator to look at it if this goes on.",
        retries=FEW,
    )


def words(found):
    message = PLACE.sub("", found.get("message") or "").strip().partition("\n")[0]
    name = found.get("errorName", "")
    if name in ENDED:
        why = message.partition("Message: ")[2]
        told = "The query was ended on the Trino cluster, by its administrator"
        return complaints.sentence(f"{told}: {why}" if why else told)
    if (pattern := UNKNOWN.get(name)) and (match := pattern.search(message)):
        what = "column" if name.startswith("COLUMN") else "function"
        return f'There is no {what} "{match[1]}" here.'
    if name == "PERMISSION_DENIED":
        return f"{complaints.sentence(message)} {DENIED}"
    return complaints.sentence(message)


def place(found, statement):
    """Return (line, column) in the person's SQL, or nothing where it cannot be told."""
    at = found.get("errorLocation")
    if not at or statement is None:
        return ()
    lines = statement.body.split("\n")[: at["lineNumber"]]
    before = "\n".join([*lines[:-1], lines[-1][: at["columnNumber"] - 1]])
    return complaints.place({"at": len(before.encode())}, statement)
