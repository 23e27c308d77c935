"""What the rule builder can choose from, as JSON for the page."""

from activations.models import ParentSegment, Segment
from activations.rules.audience import Audience, Column
from activations.segments.folders import paths
from activations.segments.usable import audience_for, shown
from activations.segments.words import spoken


def declared(parent: ParentSegment, user, segment: Segment | None) -> dict:
    """Return words, attributes, behaviors and segments; what is hidden from the user is not in."""
    audience = audience_for(parent, user)
    return {
        "words": spoken(),
        "attributes": attributes(parent, audience) if audience else [],
        "behaviors": behaviors(audience) if audience else [],
        "segments": referable(parent, segment),
        "segment": segment.pk if segment else None,
        "refreshed": audience is not None,
    }


def attributes(parent: ParentSegment, audience: Audience) -> list[dict]:
    groups = {
        column["name"]: column.get("group") or ""
        for source in parent.attributes
        for column in source["columns"]
    }
    found = shown(audience.attributes).values()
    return [told(column) | {"group": groups.get(column.name, "")} for column in found]


def behaviors(audience: Audience) -> list[dict]:
    return [
        {
            "name": name,
            "timed": bool(behavior.time),
            "time": behavior.time,
            "columns": [told(column) for column in shown(behavior.columns).values()],
        }
        for name, behavior in audience.behaviors.items()
    ]


def told(column: Column) -> dict:
    return {"name": column.name, "kind": column.kind}


def referable(parent, segment) -> list[dict]:
    """Return the segments that can be part of this one: those without a limit."""
    names = paths(parent)
    found = Segment.objects.filter(parent_segment=parent).exclude(
        pk=segment.pk if segment else None
    )
    return [
        {"id": key, "name": f"{names[folder]} / {name}" if folder else name}
        for key, name, folder, rules in found.values_list("pk", "name", "folder", "rules")
        if not rules.get("limit")
    ]
