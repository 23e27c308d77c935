"""Who may do what: groups, owners, and what is shared."""

from django.contrib.auth.models import Permission, User
from django.db.models import Q, Value

MARKETER, ADMIN, PRIVACY = "marketer", "admin", "privacy"


LOOK_UP = "console.look_up"  # the permission; the group privacy has it


def may_look_up(user):
    """Return whether the user may look up who got what."""
    return is_admin(user) or LOOK_UP in standing(user)


def is_admin(user):
    """Return whether the user keeps credentials and sees everyone's objects."""
    return user.is_superuser or ADMIN in standing(user)


def admins():
    """Return the people who are administrators, by name."""
    them = Q(is_superuser=True) | Q(groups__name=ADMIN)
    return User.objects.filter(them, is_active=True).distinct().order_by("username")


def standing(user):
    """Return the names of a user's groups, and LOOK_UP where they or one of these have it."""
    if not user.is_authenticated:
        return set()
    if not hasattr(user, "kept_standing"):  # A page asks more than once, of the same object.
        app, name = LOOK_UP.split(".")
        given = Permission.objects.filter(content_type__app_label=app, codename=name)
        given = given.filter(Q(group__user=user) | Q(user=user)).order_by()
        groups = user.groups.order_by().values_list("name")
        user.kept_standing = {name for (name,) in groups.union(given.values_list(Value(LOOK_UP)))}
    return user.kept_standing
