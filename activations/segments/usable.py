"""The audience of a parent segment for one person: what is masked is there, and out of reach."""

from dataclasses import replace

from activations.models import ParentSegment
from activations.parents.access import sees_masked
from activations.parents.audience import audience_of
from activations.rules import Audience, Column

HIDDEN = "hidden"


def audience_for(parent: ParentSegment, user) -> Audience | None:
    """Return the audience as the user may use it, or None before the first refresh.

    Rules that others made can be about columns that are masked for this user: such a column is
    hidden, so that the rule says why it cannot be used instead of that there is none.
    """
    audience = audience_of(parent, user)
    if audience is None or sees_masked(user, parent):
        return audience
    attributes = audience.attributes | hidden(
        each for source in parent.attributes for each in source["columns"]
    )
    behaviors = {
        each["name"]: replace(
            audience.behaviors[each["name"]],
            columns=audience.behaviors[each["name"]].columns | hidden(each["columns"]),
        )
        for each in parent.behaviors
        if each["name"] in audience.behaviors
    }
    return replace(audience, attributes=attributes, behaviors=behaviors)


def hidden(columns) -> dict[str, Column]:
    names = (each.get("name") or each["column"] for each in columns if masked(each))
    return {name: Column(name, "", "", HIDDEN) for name in names}


def masked(said) -> bool:
    return said.get("visibility") == "masked"


def shown(columns: dict[str, Column]) -> dict[str, Column]:
    """Return the columns that can be chosen."""
    return {
        name: column
        for name, column in columns.items()
        if column.visibility not in (HIDDEN, "blocked")
    }
