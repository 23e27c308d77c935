"""What a refresh would fail on, seen before it runs."""

from activations.models import ParentSegment
from activations.parents.sources import sources


def problems(parent: ParentSegment) -> list[str]:
    """Return a sentence for each table and column that is not there any more."""
    found = sources(parent.owner)
    said = []
    for source in [*parent.attributes, *parent.behaviors]:
        table = source["table"]
        if table not in found:
            who = parent.owner.get_username()
            said.append(f"There is no table {table} any more that {who} may read.")
            continue
        said += [
            f"{table} has no column {column} any more."
            for column in dict.fromkeys(columns_of(source, parent))
            if column not in found[table]
        ]
    return said


def columns_of(source, parent):
    """Yield the columns of a table that a refresh reads."""
    yield source.get("foreign_key", parent.key)
    yield from (each["column"] for each in source["columns"] if each["visibility"] != "blocked")
    if source["table"] == parent.master:
        joined = [*parent.attributes[1:], *parent.behaviors]
        yield from (each["parent_key"] for each in joined)
