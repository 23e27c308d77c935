"""Who may do what: two groups, owners, and what is shared."""

MARKETER, ADMIN = "marketer", "admin"


def is_admin(user):
    """Return whether the user keeps credentials and sees everyone's objects."""
    return user.is_superuser or user.groups.filter(name=ADMIN).exists()
