"""Calls of DuckDB's functions and of ours, in the place of what the parser found."""

from sqlglot import exp


def call(name, *arguments):
    """Return the call of a function of ours, on copies of the arguments that are there."""
    given = [argument.copy() for argument in arguments if argument is not None]
    return exp.Anonymous(this=name, expressions=given)


def calls(name, *keys):
    """Return a change that hands the named parts of a node to a function of ours."""
    return lambda node: call(name, *(node.args.get(key) for key in keys))
