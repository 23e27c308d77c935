"""Where sqlglot's translation of Trino's functions differs in meaning, ours."""

from sqlglot import exp


def call(name, *arguments):
    return exp.Anonymous(this=name, expressions=[argument for argument in arguments if argument])


def translate(tree):
    """Replace what DuckDB would understand otherwise."""
    return tree.transform(replace, copy=False)


def replace(node):
    change = CHANGES.get(type(node))
    return change(node) if change else node


def to_text(node):
    """Write numbers and times as Trino does."""
    kind = node.to
    if kind.is_type("json"):
        return call("to_json", node.this)
    if not kind.is_type(*exp.DataType.TEXT_TYPES) or isinstance(node.this, exp.Literal):
        return node
    text = call("trino_text", node.this)
    length = kind.expressions
    return exp.Left(this=text, expression=length[0].this) if length else text


CHANGES = {exp.Cast: to_text, exp.TryCast: to_text}
