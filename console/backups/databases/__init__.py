"""Copies of the console's own database, made while others write to it, and brought back."""

from django.db import connection

from console.backups.databases import postgresql, sqlite

BY_VENDOR = {"sqlite": sqlite, "postgresql": postgresql}


def own():
    """Return what copies the kind of database that this console uses."""
    return BY_VENDOR[connection.vendor]
