"""Who may use a parent segment, and who sees what is masked in it."""

from django.db.models import Q

from activations.models import ParentSegment
from console.access import is_admin


def usable_by(user):
    """Return the parent segments in which a user may make segments."""
    if is_admin(user):
        return ParentSegment.objects.all()
    groups = user.groups.all()
    may = Q(owner=user) | Q(readers__in=groups) | Q(unmasked__in=groups)
    return ParentSegment.objects.filter(may).distinct()


def editable_by(user):
    """Return the parent segments that a user may change and refresh."""
    found = ParentSegment.objects.all()
    return found if is_admin(user) else found.filter(owner=user)


def sees_masked(user, parent: ParentSegment) -> bool:
    """Return whether a user sees, uses and exports the columns that are masked for others."""
    if is_admin(user) or parent.owner_id == user.pk:
        return True
    return parent.unmasked.filter(pk__in=user.groups.all()).exists()
