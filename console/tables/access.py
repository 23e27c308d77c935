"""Who may read and write which database."""

from django.db.models import Q

from console.access import is_admin
from console.models import Database, Table


def readable_databases(user):
    """Return the databases a user may read."""
    if is_admin(user):
        return Database.objects.all()
    groups = user.groups.all()
    may = Q(everyone_reads=True) | Q(owner=user) | Q(readers__in=groups) | Q(writers__in=groups)
    return Database.objects.filter(may).distinct()


def can_read(user, database):
    return readable_databases(user).filter(pk=database.pk).exists()


def can_write(user, database):
    if database.owner_id == user.pk or is_admin(user):
        return True
    return database.writers.filter(pk__in=user.groups.all()).exists()


def readable(user):
    """Return {database: {table: Table}} of all a user may read."""
    databases = readable_databases(user)
    found = {database.name: {} for database in databases}
    for table in Table.objects.filter(database__in=databases).select_related("database"):
        found[table.database.name][table.name] = table
    return found
