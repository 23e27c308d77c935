"""A query in Trino's dialect as a Trino cluster is asked it.

It stays as its author wrote it, but for the names of tables, the functions of TD, and comments.
What TD's functions make of values that no row changes is worked out beforehand by the embedded
engine. So it means the same on both, and times stand in the query as numbers, by which the cluster
can leave out partitions. In the SQL each has a mark until then.
"""

import secrets

from sqlglot import Dialect, exp
from sqlglot.errors import ParseError
from sqlglot.tokens import TokenType

from console.engines.dialects import td_functions
from console.engines.dialects.calling import call
from console.engines.dialects.trees import position, tables_in
from console.engines.statement import QueryError
from console.engines.types import quote

# What has the same value for all rows where all that it is made of has.
FIXED = (
    *(exp.Literal, exp.Null, exp.Boolean, exp.Neg, exp.Paren, exp.Add, exp.Sub, exp.Mul),
    *(exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Concat, exp.DPipe),
    *(exp.CurrentTimestamp, exp.CurrentDate, exp.TimeToUnix, exp.Interval, exp.Var),
)
BLANKS = " \t\r\n"
HEADS = {TokenType.SELECT, TokenType.WITH, TokenType.VALUES, TokenType.L_PAREN, TokenType.TABLE}
OPENED = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
CLOSED = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


def is_remote(body, database, tables) -> bool:
    """Return whether a query reads the cluster. Raise QueryError where it reads both."""
    read = [(*place(table, database), table) for table in tables_in(body)]
    there = [each for each in read if tables[each[0]][each[1]].remote]
    here = [each for each in read if not tables[each[0]][each[1]].remote]
    if there and here:
        raise QueryError(
            f"{there[0][0]}.{there[0][1]} is on the Trino cluster and {here[0][0]}.{here[0][1]} "
            "is not, and a query reads from one of them. Copy what it needs from the cluster by "
            "CREATE TABLE … AS SELECT … first.",
            *position(here[0][2]),
        )
    return bool(there)


def place(table, database):
    """Return the console's names of the database and the table."""
    return (table.db or database).lower(), table.name.lower()


class Rewriting:
    """The text of one query on its way to the cluster, and the constants found in it."""

    def __init__(self, sql, kind, body, database, tables):
        self.sql = sql
        found = Dialect.get_or_raise("trino").tokenize(sql)
        tokens = [each for each in found if each.token_type is not TokenType.SEMICOLON]
        self.tokens = tokens[begin(tokens, kind) :]
        self.names = {}  # where a name begins: where it ends, and what is written in its place
        self.mark = f"console_{secrets.token_hex(16)}_"  # which nobody can have written
        self.constants = []  # expressions, by the number of their mark
        self.read = set()  # (catalog, schema, table) of all that it names
        self.rename(body, database, tables)

    def rename(self, body, database, tables):
        """Note what stands in the place of the names of tables and of their databases."""
        for table in body.find_all(exp.Table):
            if not isinstance(table.this, exp.Identifier):
                message = "Functions in the place of a table cannot be called on the Trino cluster."
                raise QueryError(message, *position(table))
        for table in tables_in(body):
            at, name = place(table, database)
            path = (*tables[at][name].remote, name)
            self.read.add(path)
            first = (table.args.get("db") or table.this).meta["start"]
            self.names[first] = table.this.meta["end"], ".".join(map(quote, path))
        for column in body.find_all(exp.Column):
            place_, table = [*column.parts, None][:2]
            source = tables.get(place_.name.lower(), {}).get(table.name.lower()) if table else None
            if source and source.remote and len(column.parts) > 2:
                end = place_.meta["end"]
                self.names[place_.meta["start"]] = end, ".".join(map(quote, source.remote))

    def rewritten(self) -> str:
        """Return the cluster's SQL."""
        return self.text(0, len(self.tokens))

    def text(self, first, end) -> str:
        """Return what the tokens become, with blanks between them where there were any."""
        made, at = [], first
        while at < end:
            if at > first:
                made.append(self.between(self.tokens[at - 1], self.tokens[at]))
            text, at = self.one(at)
            made.append(text)
        return "".join(made)

    def between(self, one, other):
        """Return the blanks between two tokens: nothing else is there but comments."""
        gap = self.sql[one.end + 1 : other.start]
        return "".join(letter if letter in BLANKS else " " for letter in gap)

    def one(self, at):
        """Return what a token, or what begins with it, becomes, and which is the next one."""
        token = self.tokens[at]
        if token.start in self.names:
            end, text = self.names[token.start]
            last = at
            while last + 1 < len(self.tokens) and self.tokens[last + 1].start <= end:
                last += 1
            return text, last + 1
        if (write := td_functions.WRITTEN.get(token.text.lower())) and self.opens(at + 1):
            return self.called(at, write)
        return self.sql[token.start : token.end + 1], at + 1

    def opens(self, at):
        return at < len(self.tokens) and self.tokens[at].token_type is TokenType.L_PAREN

    def called(self, at, write):
        """Return what the call of one of TD's functions becomes."""
        values, end = self.values(at + 2)
        name = self.tokens[at].text
        least, most, written = write
        if not least <= len(values) <= most:
            wanted = f"{least} to {most}" if least < most else str(least)
            raise QueryError(f"{name.upper()} takes {wanted} values.", *self.where(at))
        parsed = [self.parsed(*each) for each in values]
        if all(map(is_constant, parsed)):
            return self.constant(call(name, *parsed)), end
        return written(Call(self, at, values), parsed), end

    def values(self, at):
        """Return where each value of a call begins and ends, and what comes after the call."""
        found, first, depth = [], at, 0
        for index in range(at, len(self.tokens)):
            kind = self.tokens[index].token_type
            if kind in CLOSED and not depth:
                return [*found, (first, index)] if index > at else [], index + 1
            if kind is TokenType.COMMA and not depth:
                found.append((first, index))
                first = index + 1
            depth += (kind in OPENED) - (kind in CLOSED)
        raise QueryError("A bracket is not closed.", *self.where(at))

    def parsed(self, first, end):
        """Return the tree of a value."""
        tokens = self.tokens[first:end]
        try:
            return Dialect.get_or_raise("trino").parser().parse(tokens, self.sql)[0]
        except (ParseError, IndexError):
            raise QueryError("SQL is not understood here.", *self.where(first)) from None

    def where(self, at):
        token = self.tokens[min(at, len(self.tokens) - 1)]
        return token.line, token.col - (token.end - token.start)

    def constant(self, node):
        """Return the mark of what no row changes."""
        self.constants.append(node)
        return f"{self.mark}{len(self.constants) - 1}_"


class Call:
    """The call of one of TD's functions whose values are those of a row."""

    def __init__(self, rewriting, at, values):
        self.rewriting, self.at, self.values = rewriting, at, values
        self.name = rewriting.tokens[at].text.upper()

    def text(self, index):
        """Return what one of its values becomes."""
        return self.rewriting.text(*self.values[index])

    def fixed(self, name, *values):
        """Return the mark of the call of a function whose values no row changes."""
        if not all(map(is_constant, values)):
            raise self.error("takes times that are the same for all rows")
        return self.rewriting.constant(call(name, *values))

    def error(self, what):
        told = f"On the Trino cluster {self.name} {what}."
        return QueryError(told, *self.rewriting.where(self.at))


def is_constant(node):
    """Return whether a value is the same for all rows, as far as that is sure."""
    return all(isinstance(each, FIXED) or is_of_td(each) for each in node.walk())


def is_of_td(node):
    """Return whether a node is a call of one of TD's functions, or a part of its name."""
    if isinstance(node, exp.Identifier):
        return is_of_td(node.parent)
    return isinstance(node, exp.Anonymous) and node.name.lower().startswith("td_")


def begin(tokens, kind) -> int:
    """Return which token the query of a statement begins with. Of a SELECT it is the first."""
    if kind == "select":
        return 0
    if tokens[0].token_type is TokenType.WITH:
        message = "On the Trino cluster WITH is written right before the SELECT that it is for."
        raise QueryError(message, tokens[0].line, 1)
    return after_as(tokens) if kind == "create" else after_target(tokens)


def after_as(tokens):
    """Return what comes after AS in CREATE TABLE … AS."""
    return 1 + next(at for at, each in enumerate(tokens) if each.token_type is TokenType.ALIAS)


def after_target(tokens):
    """Return what comes after the table, and its columns, in INSERT INTO."""
    at = 1 + next(at for at, each in enumerate(tokens) if each.token_type is TokenType.INTO)
    at += tokens[at].token_type is TokenType.TABLE
    while tokens[at + 1].token_type is TokenType.DOT:
        at += 2
    at += 1
    listed = tokens[at].token_type is TokenType.L_PAREN
    if listed and tokens[at + 1].token_type not in HEADS:
        ends = (each for each in range(at, len(tokens)) if tokens[each].token_type in CLOSED)
        at = 1 + next(ends)
    return at
