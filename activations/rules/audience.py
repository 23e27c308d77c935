"""What rules can be about: the attributes of customers, and what customers did."""

from collections.abc import Callable
from dataclasses import dataclass, field

KEY = "cdp_customer_id"  # of a customer, in every table of an audience
TEXT, NUMBER, BOOLEAN, TIME, DATE = "string", "number", "boolean", "timestamp", "date"
ARRAYS = {"string_array": TEXT, "number_array": NUMBER}
TEXTS = ("varchar", "char", "uuid")
NUMBERS = ("bigint", "integer", "smallint", "tinyint", "double", "real", "decimal")


@dataclass(frozen=True)
class Column:
    """A column of an audience's table."""

    name: str
    type: str  # as the table has it, in Trino's name: varchar, bigint, array(varchar), …
    kind: str  # string, number, boolean, timestamp, date, string_array or number_array
    visibility: str = "clear"  # clear, masked or blocked; hidden: masked, for who may not see it

    @property
    def holds_epochs(self) -> bool:
        """Whether its times are numbers: seconds since 1970."""
        return self.kind == TIME and self.type.startswith(NUMBERS)


@dataclass(frozen=True)
class Behavior:
    """A table of what customers did, one row each time."""

    table: str
    columns: dict[str, Column]
    time: str = ""  # the column that says when
    database: str = ""  # where it is not that of the audience


@dataclass(frozen=True)
class Audience:
    """The tables of a parent segment, and the segments over it that rules can refer to."""

    database: str
    attributes: dict[str, Column]
    behaviors: dict[str, Behavior] = field(default_factory=dict)
    timezone: str = "UTC"
    # The rules of a segment by its id; nothing where there is none.
    segment: Callable[[int], dict | None] = lambda _: None


def kind_of(trino_type: str) -> str:
    """Return what kind of values a column of the type has for rules; "" for none."""
    base = trino_type.partition("(")[0]
    if base == "array":
        inner = kind_of(trino_type[len("array(") : -1])
        return next((array for array, kind in ARRAYS.items() if kind == inner), "")
    kinds = {BOOLEAN: ("boolean",), DATE: ("date",), TIME: ("timestamp",), TEXT: TEXTS}
    kinds[NUMBER] = NUMBERS
    return next((kind for kind, types in kinds.items() if base in types), "")
