"""Who may do what: two groups, owners, and what is shared."""

MARKETER, ADMIN = "marketer", "admin"


def is_admin(user):
    """Return whether the user keeps credentials and sees everyone's objects."""
    if not hasattr(user, "kept_is_admin"):  # A page asks more than once, of the same object.
        user.kept_is_admin = user.is_superuser or user.groups.filter(name=ADMIN).exists()
    return user.kept_is_admin
