"""What a changed definition of a parent segment takes from its segments and activations."""

from activations import mapping
from activations.models import ParentSegment, Segment
from activations.parents.audience import BEHAVIOR, rules_in
from activations.parents.sources import Columns, cast_of
from activations.rules import Audience, Behavior, Column, Problem, problems
from activations.segments.rewriting import CannotRewrite, activations, hindrance
from activations.segments.usable import HIDDEN, audience_for
from console.access import is_admin


def losses(parent: ParentSegment, sources: dict[str, Columns], unmasked) -> list[str]:
    """Return a sentence for each activation and segment that stops with the next refresh.

    `parent` has the definition that is not saved yet, `unmasked` the groups that are to see what
    is masked. What could not run before is not told again.
    """
    if parent.pk is None:
        return []
    stopping = [
        str(CannotRewrite(activation, problem))
        for activation in activations(segment__parent_segment=parent)
        if (problem := problem_of(activation, parent, sources, unmasked))
        and not hindrance(activation)
    ]
    return stopping + uncountable(parent, sources)


def problem_of(activation, parent, sources, unmasked) -> Problem | None:
    """Return what keeps an activation from going on under the new definition."""
    sees = sees_then(activation.query.owner, parent, unmasked)
    audience, segment = foreseen(parent, sources, sees), activation.segment
    found = problems(segment.rules, audience, segment.pk)
    return next(iter(found or mapping.problems(activation.mapping, audience)), None)


def uncountable(parent, sources) -> list[str]:
    """Return a sentence for each segment whose rules are about something that goes."""
    after = foreseen(parent, sources, True)
    before = audience_for(ParentSegment.objects.get(pk=parent.pk), parent.owner)
    found = []
    for segment in Segment.objects.filter(parent_segment=parent):
        told = problems(segment.rules, after, segment.pk)
        if told and before and not problems(segment.rules, before, segment.pk):
            found.append(f"The segment “{segment.name}” could not be counted: {told[0].text}")
    return found


def sees_then(user, parent, unmasked) -> bool:
    own = parent.owner_id == user.pk or is_admin(user)
    return own or user.groups.filter(pk__in=[group.pk for group in unmasked]).exists()


def foreseen(parent: ParentSegment, sources: dict[str, Columns], sees: bool) -> Audience:
    """Return the audience as the next refresh makes it, for who sees what is masked or not."""
    attributes = {}
    for source in parent.attributes:
        attributes |= columns(source, sources, sees)
    behaviors = {
        each["name"]: Behavior(
            BEHAVIOR + each["name"], columns(each, sources, sees), each.get("time", "")
        )
        for each in parent.behaviors
    }
    return Audience(parent.database, attributes, behaviors, parent.timezone, rules_in(parent))


def columns(source, sources, sees) -> dict[str, Column]:
    types = sources.get(source["table"], {})
    found = {}
    for said in source["columns"]:
        name = said.get("name") or said["column"]
        if said["visibility"] == "masked" and not sees:
            found[name] = Column(name, "", "", HIDDEN)
        elif said["visibility"] != "blocked":
            type_ = types.get(said["column"], "")
            made = cast_of(type_, said["kind"]).lower() or type_
            found[name] = Column(name, made, said["kind"], said["visibility"])
    return found
