"""Whom mail reaches."""

from django.contrib.auth.models import User


def reachable(user: User) -> bool:
    """Return whether the person is still here, and mail has an address to go to."""
    return user.is_active and bool(user.email)
