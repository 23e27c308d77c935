"""SQL laid out by sqlglot: the same statements, on lines of their own."""

from collections import Counter

import sqlglot
from sqlglot.errors import ParseError, TokenError

from console.engines.dialects.parsing import trees

LONGEST = 50_000  # characters: some seconds


class CannotFormat(Exception):
    """The SQL stays as it is. `line` and `column` say where it is not understood, if known."""

    def __init__(self, message, line=None, column=None):
        super().__init__(message)
        self.line = line
        self.column = column


def format_sql(sql, engine):
    """Return the SQL laid out anew. Raise CannotFormat rather than change what it means."""
    if len(sql) > LONGEST:
        raise CannotFormat(f"SQL of more than {LONGEST:,} characters is not formatted here.")
    try:
        return formatted(sql, engine)
    except RecursionError:
        raise CannotFormat("The SQL is nested too deeply to be formatted.") from None


def formatted(sql, engine):
    statements = parsed(sql, engine)
    if not statements:
        raise CannotFormat("There is no statement to format.")
    written = ";\n\n".join(
        statement.sql(dialect=engine, pretty=True, normalize_functions=False)
        for statement in statements
    )
    if comments(written, engine) != comments(sql, engine):
        raise CannotFormat("Formatting would lose a comment, so the text was left as it is.")
    if parsed(written, engine) != statements:
        raise CannotFormat("Formatting would change this statement, so it was left as it is.")
    return written + ";" * sql.rstrip().endswith(";")


def parsed(sql, engine):
    try:
        return trees(sql, engine)
    except ParseError as error:
        first = error.errors[0]
        message = f"This is not a statement that can be formatted: {first['description']}."
        raise CannotFormat(message, first["line"], first["col"]) from error
    except TokenError as error:
        raise CannotFormat("A quote or a comment is opened and never closed.") from error


def comments(sql, engine):
    """Count the comments of the SQL, whichever way they are written."""
    tokens = sqlglot.tokenize(sql, read=engine)
    return Counter(comment.strip() for token in tokens for comment in token.comments)
