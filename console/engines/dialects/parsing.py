"""sqlglot's parser, kept from texts that it would read for hours."""

from sqlglot import Dialect
from sqlglot.parser import Parser
from sqlglot.tokens import TokenType

OPENED = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.LT}
CLOSED = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.GT}
DEEPEST = 16
READINGS = 500_000  # of tokens more than once: some seconds


class TooDeep(RecursionError):
    """The text is nested deeper than the parser can follow."""


def trees(sql, dialect):
    """Return the statements of a text. Raises errors of sqlglot, or RecursionError."""
    reader = Dialect.get_or_raise(dialect)
    tokens = reader.tokenize(sql)
    refuse_endless(tokens)
    return [tree for tree in reader.parser().parse(tokens, sql) if tree is not None]


def refuse_endless(tokens):
    """Raise TooDeep where types with brackets, such as ARRAY[…], stand too deep in each other.

    The parser reads what is in such brackets twice, as a type and as a value: at each level.
    """
    levels, depth, readings, before = [], 0, 0, None
    for token in tokens:
        if token.token_type in OPENED:
            levels.append(before in Parser.TYPE_TOKENS)
            depth += levels[-1]
        elif token.token_type in CLOSED and levels:
            depth -= levels.pop()
        readings += (1 << depth) - 1
        if depth > DEEPEST or readings > READINGS:
            raise TooDeep
        before = token.token_type
