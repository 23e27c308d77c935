"""Templates of a parent segment: how an activation is set up, kept to begin others with."""

import json

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction

from activations.activating.fields import settings_of
from activations.models import Activation, ActivationTemplate, ParentSegment, Segment
from console.access import is_admin
from console.models import Query, Schedule, Trigger
from console.schedules.chains import may_follow
from integrations.access import choosable_by

# Of a schedule, what is not when it runs.
OWN = {"id", "next_slot", "paused_at", "paused_because", "paused_by", "resumed_at", "created_at"}
BY_HAND = "by_hand"  # it runs after the parent segment's refresh, those by hand too or not


class NameTaken(Exception):
    """Another template of the parent segment has the name."""

    def __init__(self, name):
        super().__init__(
            f"The parent segment has a template “{name}” already. Choose a different name."
        )


def keep(activation: Activation, name: str, *, by) -> ActivationTemplate:
    """Keep how an activation is set up as a template of its parent segment. Raise NameTaken."""
    query = activation.query
    template = ActivationTemplate(
        parent_segment=activation.segment.parent_segment,
        name=name,
        owner=by,
        authentication=query.authentication,
        export=query.export,
        mapping=activation.mapping,
        query=plain(settings_of(query)),
        schedule=query.schedule and schedule_of(query.schedule, activation.segment.parent_segment),
    )
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError:
        raise NameTaken(name) from None
    return template


def schedule_of(schedule: Schedule, parent: ParentSegment) -> dict | None:
    """Return when a schedule runs: its fields, or that it runs after the parent's refresh."""
    trigger = schedule.follows
    if trigger and trigger.query_id != parent.query_id:
        return None  # What it runs after is not for all.
    fields = (field.name for field in Schedule._meta.concrete_fields)
    said = {name: getattr(schedule, name) for name in fields if name not in OWN}
    return plain(said | ({BY_HAND: trigger.by_hand} if trigger else {}))


def plain(fields):
    """Return the fields as JSON has them: moments are texts."""
    return json.loads(json.dumps(fields, cls=DjangoJSONEncoder))


def initial(template: ActivationTemplate, segment: Segment, user) -> Activation:
    """Return an activation of a segment that is set up as a template says, not saved yet.

    Its query has the export, where the person may choose the authentication, and the schedule, not
    saved either.
    """
    query = Query(owner=user, **typed(Query, template.query))
    query.schedule = template.schedule and schedule_from(template, user)
    if choosable_by(user).filter(pk=template.authentication_id).exists():
        query.authentication, query.export = template.authentication, template.export
    return Activation(segment=segment, mapping=template.mapping, query=query)


def schedule_from(template, user):
    """Return the schedule that a template has, not saved; None where the person may not have it."""
    schedule = Schedule(**typed(Schedule, template.schedule))
    if BY_HAND in template.schedule:
        refresh = template.parent_segment.query
        if not may_follow(user, refresh):
            return None
        schedule.trigger = Trigger(query=refresh, by_hand=template.schedule[BY_HAND])
    return schedule


def typed(model, said):
    """Return the fields of a model that are known, as the model has them."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    return {name: fields[name].to_python(value) for name, value in said.items() if name in fields}


def may_change(user, template: ActivationTemplate) -> bool:
    """Return whether a user may delete a template."""
    return user.pk in (template.owner_id, template.parent_segment.owner_id) or is_admin(user)
