"""Who runs a td command: it has no log-in, whoever can start it can read the database anyway."""

import getpass
import os

from django.contrib.auth.models import User

from console.td.errors import Refused


def person(name: str | None) -> User:
    """Return who is named, or who it can only be."""
    name = name or os.environ.get("CONSOLE_USER")
    people = User.objects.filter(is_active=True)
    if name:
        found = people.filter(username=name).first()
        if not found:
            raise Refused(f"There is no active user '{name}'. Name one with -a / --as USERNAME.")
        return found
    return people.filter(username=login()).first() or only(people.filter(is_superuser=True))


def login():
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # A container's user without a name.
        return ""


def only(superusers):
    found = list(superusers[:2])
    if len(found) == 1:
        return found[0]
    raise Refused("Whose job is this? Name the user with -a / --as USERNAME or CONSOLE_USER.")
