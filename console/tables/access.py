"""Who may read and write which database."""

from django.db.models import Q

from console.access import is_admin
from console.models import Database, Table
from console.tables import log
from console.tables.names import AUDIENCE

OF_NOBODY = Q(name=log.DATABASE)  # whoever stands there as its owner


def readable_databases(user):
    """Return the databases a user may read."""
    if is_admin(user):
        return Database.objects.all()
    groups = user.groups.all()
    own = Q(owner=user) & ~OF_NOBODY
    may = Q(everyone_reads=True) | own | Q(readers__in=groups) | Q(writers__in=groups)
    return Database.objects.filter(may).distinct()


def can_read(user, database):
    return readable_databases(user).filter(pk=database.pk).exists()


def writable_databases(user):
    """Return the databases a user may write to; not those that a refresh makes anew."""
    return buildable_databases(user).exclude(name__startswith=AUDIENCE)


def can_write(user, database):
    return writable_databases(user).filter(pk=database.pk).exists()


def buildable_databases(user):
    """Return the databases whose tables a job may make for a user.

    The log is none of them, nor is what is on the Trino cluster.
    """
    found = Database.objects.exclude(OF_NOBODY).filter(catalog="")
    if is_admin(user):
        return found
    may = Q(owner=user) | Q(writers__in=user.groups.all())
    return found.filter(may).distinct()


def can_build(user, database):
    return buildable_databases(user).filter(pk=database.pk).exists()


def readable(user):
    """Return {database: {table: Table}} of all a user may read."""
    databases = readable_databases(user)
    found = {database.name: {} for database in databases}
    for table in Table.objects.filter(database__in=databases).select_related("database"):
        # One can have been made between the two look-ups.
        found.setdefault(table.database.name, {})[table.name] = table
    return found
