"""Which column of a result is what to CleverTap. Names are compared without regard to case."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from integrations.connectors.clevertap.operations import Operation

ITEM = re.compile(r"items\[(\d{1,3})\]\.(.+)", re.IGNORECASE | re.DOTALL)
# Properties that CleverTap has in every account, as it spells them. They hold single values.
OWN = ("Name", "Email", "Education", "Married", "DOB", "Gender", "Phone", "Age", "Birthday")
CHANNELS = ("sms", "email", "whatsapp", "push", "dndSMS", "dndEmail", "dndWhatsApp")
SPELLED = {name.casefold(): name for name in (*OWN, *(f"MSG-{each}" for each in CHANNELS))}
SINGLE = (*OWN, "FBID", "GPID", "Identity")


@dataclass(frozen=True)
class Layout:
    """The columns of a result, by what they are."""

    fields: dict[str, str]  # CleverTap's own name -> column
    properties: dict[str, str] = field(default_factory=dict)  # key -> column
    items: dict[int, dict[str, str]] = field(default_factory=dict)  # number -> key -> column

    def single_values(self) -> dict[str, str]:
        """Return the properties that CleverTap takes no array for, with their columns."""
        return {key: column for key, column in self.properties.items() if key in SINGLE}


def layout_of(names: Iterable[str], operation: Operation) -> Layout:
    """Return what the columns are for the operation. Of several with one name the first counts."""
    return kept_layout(tuple(names), operation)


@lru_cache(maxsize=8)  # It is asked for by each rule, for each portion of the rows.
def kept_layout(names: tuple[str, ...], operation: Operation) -> Layout:
    known = {each.casefold(): each for each in operation.fields}
    fields, properties, items = {}, {}, {}
    for name in names:
        if own := known.get(name.casefold()):
            fields.setdefault(own, name)
        elif operation.noun == "event" and (item := ITEM.fullmatch(name)):
            items.setdefault(int(item[1]), {}).setdefault(item[2], name)
        elif operation.properties:
            properties.setdefault(key_of(name, operation), name)
    return Layout(fields, properties, dict(sorted(items.items())))


def key_of(name: str, operation: Operation) -> str:
    """Return the name that a property gets: CleverTap's spelling of its own, else the column's."""
    return SPELLED.get(name.casefold(), name) if operation.noun == "profile" else name
