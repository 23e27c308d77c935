"""What is found in the tree of a statement."""

from collections.abc import Iterator

from sqlglot import exp


def position(node):
    """Return line and column of a node's first character, from 1, where known."""
    found = [part.meta for part in node.walk() if "line" in part.meta]
    if not found:
        return ()
    first = min(found, key=lambda meta: meta["start"])
    return first["line"], first["col"] - (first["end"] - first["start"])


def tables_in(body) -> Iterator[exp.Table]:
    """Yield what a query reads by its name, which no WITH in it defines."""
    for table in body.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not is_cte(table):
            yield table


def is_cte(table):
    """Return whether an enclosing WITH defines the name at this place."""
    if table.db:
        return False
    node, name = table, table.name.lower()
    while node.parent:
        if name in {cte.alias.lower() for cte in known_entries(node)}:
            return True
        node = node.parent
    return False


def known_entries(node):
    """Return the entries of a WITH that a part of a statement knows beyond what its parent does."""
    if isinstance(node.parent, exp.With):
        return node.parent.expressions[: node.index + bool(node.parent.args.get("recursive"))]
    found = entries_of(node.parent)
    return found.expressions if found and found is not node else []


def entries_of(tree):
    return tree.args.get("with_") or tree.args.get("with")
