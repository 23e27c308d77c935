"""The banner on pages over data that is older than its schedule says."""

from activations.models import ParentSegment
from activations.parents.access import editable_by
from activations.parents.staleness import stale


def staleness(parent: ParentSegment, user) -> dict:
    """Return what the banner says; nothing where the data is as it should be."""
    found = stale(parent)
    may_refresh = found and editable_by(user).filter(pk=parent.pk).exists()
    return {"stale": found, "may_refresh": may_refresh}
