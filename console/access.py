"""Who may do what: groups, owners, and what is shared."""

from django.contrib.auth.models import Permission
from django.db.models import Q

MARKETER, ADMIN, PRIVACY = "marketer", "admin", "privacy"


LOOK_UP = "console.look_up"  # the permission; the group privacy has it


def may_look_up(user):
    """Return whether the user may look up who got what."""
    return is_admin(user) or has_been_given(user, LOOK_UP)


def has_been_given(user, permission):
    """Return whether a user or one of their groups has a permission, with one question."""
    app, name = permission.split(".")
    found = Permission.objects.filter(content_type__app_label=app, codename=name)
    return found.filter(Q(group__user=user) | Q(user=user)).exists()


def is_admin(user):
    """Return whether the user keeps credentials and sees everyone's objects."""
    if not hasattr(user, "kept_is_admin"):  # A page asks more than once, of the same object.
        user.kept_is_admin = user.is_superuser or user.groups.filter(name=ADMIN).exists()
    return user.kept_is_admin
