"""Who sees an activation, and who changes it. It runs with the rights of its owner."""

from activations.models import Activation
from activations.parents.access import usable_by
from console.access import is_admin


def visible_activations(user):
    """Return the activations that a user sees: those of the parent segments they may use."""
    found = Activation.objects.filter(segment__parent_segment__in=usable_by(user))
    return found.select_related(
        "segment__parent_segment__owner", "query__owner", "query__schedule", "query__authentication"
    )


def may_change(user, activation: Activation) -> bool:
    """Return whether a user may change, run, pause and delete an activation."""
    owners = (activation.query.owner_id, activation.segment.parent_segment.owner_id)
    return user.pk in owners or is_admin(user)
