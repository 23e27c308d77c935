"""How the keys of two tables are compared."""

from activations.rules.audience import NUMBER, TEXT, kind_of
from activations.rules.literals import name

WHOLE = ("bigint", "integer", "smallint", "tinyint")


def family(type_: str) -> str:
    """Return what sort of key values of the type are: text, whole, number, date… or ""."""
    kind = kind_of(type_)
    if kind == NUMBER:
        return "whole" if is_whole(type_) else NUMBER
    return kind if not kind.endswith("_array") else ""


def is_whole(type_):
    base, _, size = type_.partition("(")
    if base == "decimal":
        return size.rstrip(")").rpartition(",")[2].strip() == "0"
    return base in WHOLE


def comparable(left: str, right: str) -> bool:
    """Return whether keys of the two types can be equal."""
    sorts = {family(left), family(right)}
    if "" in sorts:
        return False
    return len(sorts) == 1 or sorts in ({"whole", NUMBER}, {"whole", TEXT})


def as_text(column: str) -> str:
    """Write a key as the text that it is in an audience."""
    return f"CAST({name(column)} AS VARCHAR)"


def compared(value: str, types: tuple[str, str]) -> str:
    """Write a key, which is SQL already, as it is compared with one of the other type."""
    return f"CAST({value} AS VARCHAR)" if TEXT in map(family, types) else value
