"""Who may do what: groups, owners, and what is shared."""

MARKETER, ADMIN, PRIVACY = "marketer", "admin", "privacy"


LOOK_UP = "console.look_up"  # the permission; the group privacy has it


def may_look_up(user):
    """Return whether the user may look up who got what."""
    return is_admin(user) or user.has_perm(LOOK_UP)


def is_admin(user):
    """Return whether the user keeps credentials and sees everyone's objects."""
    if not hasattr(user, "kept_is_admin"):  # A page asks more than once, of the same object.
        user.kept_is_admin = user.is_superuser or user.groups.filter(name=ADMIN).exists()
    return user.kept_is_admin
