"""Databases whose tables are on the Trino cluster: the console keeps which there are."""

import logging
from contextlib import suppress

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.engines import QueryError
from console.models import Database, Query, Table
from console.tables import store
from console.tables.names import NAME, TableError
from integrations.errors import ExportError

logger = logging.getLogger(__name__)
MOST = 10_000  # tables of a schema
AT_ONCE = 500  # rows in one statement
NOT_SEEN = "The tables of {}.{} could not be looked up. {}"
Found = dict[str, list[list[str]]]  # the columns of each table, as Table has them


def cluster():
    """Return the cluster of the settings. Raise TableError where there is none."""
    if not settings.TRINO_URL:
        raise TableError(
            "The console knows no Trino cluster: its address is missing. An administrator sets "
            "CONSOLE_TRINO_URL and starts the console again."
        )
    from console.engines.cluster import Cluster  # Most consoles have none.

    return Cluster(settings.TRINO_URL, settings.TRINO_USER, settings.TRINO_PASSWORD)


def seen(catalog: str, schema: str) -> Found:
    """Ask the cluster for the tables of a schema. Raise TableError where it does not tell.

    Tables whose names no query of the console can have are left out.
    """
    try:
        found = cluster().columns_of(catalog, schema)
    except ExportError as error:
        raise TableError(
            f"{NOT_SEEN.format(catalog, schema, error)} {error.remedy}".strip()
        ) from None
    except QueryError as error:
        raise TableError(f"{NOT_SEEN.format(catalog, schema, error)} {to_check()}") from None
    names = sorted(filter(NAME.fullmatch, found))[:MOST]
    return {name: [list(column) for column in found[name]] for name in names}


def seen_first(catalog: str, schema: str) -> Found:
    """Ask for the tables of a schema that is to be a database: without one it is misspelt."""
    if found := seen(catalog, schema):
        return found
    raise TableError(f"The Trino cluster shows no table of {catalog}.{schema}. {to_check()}")


def to_check():
    user = settings.TRINO_USER
    return f"Check the names of catalog and schema, and what its user {user} may read there."


def mirror(database: Database) -> int:
    """Have the tables that are on the cluster now, and return how many.

    Where it does not tell, nothing changes but the reason that is kept: it is a TableError too.
    """
    try:
        found = seen_again(database)
    except TableError as error:
        note(database, str(error))
        raise
    take_up(database, found)
    return len(found)


def seen_again(database):
    """Ask for the tables. Where all are gone at once, it is rather the right to see them."""
    look = seen_first if database.tables.exists() else seen
    return look(database.catalog, database.schema)


def seen_anew(name: str) -> bool:
    """Look again for the tables of a database that lacks one; one may be new, or made anew.

    Return whether it is another look than the one that all go by.
    """
    database = Database.objects.filter(name=name).exclude(catalog="").first()
    if database is None:
        return False
    try:
        mirror(database)
    except TableError:  # It is kept, and logged.
        return False
    return True


def take_up(database: Database, found: Found) -> None:
    """Have exactly the tables that were found. Of two who do so at once, one waits.

    One with rows was made by a version of the console that knew of no cluster: it stays.
    """
    with transaction.atomic():
        if not still_there(database):
            return
        own = set(database.tables.exclude(files=[]).values_list("name", flat=True))
        kept = dict(database.tables.filter(files=[]).values_list("name", "columns"))
        database.tables.filter(name__in=kept.keys() - found.keys()).delete()
        changed = [name for name in found if found[name] != kept.get(name) and name not in own]
        write(database, {name: found[name] for name in changed})
        database.looked_at = timezone.now()
        Database.objects.filter(pk=database.pk).update(looked_at=database.looked_at)
        note(database, "")


def still_there(database):
    """Return whether nobody has deleted a database, and let nobody do so until the end."""
    return Database.objects.select_for_update().filter(pk=database.pk).first() is not None


def write(database, found):
    """Make tables, and give those that are there their columns."""
    Table.objects.bulk_create(
        [Table(database=database, name=name, columns=found[name]) for name in found],
        AT_ONCE,
        update_conflicts=True,
        unique_fields=["database", "name"],
        update_fields=["columns", "updated_at"],
    )


def note(database, trouble):
    """Keep why the last look failed; log it where that is news."""
    database.trouble = trouble
    others = Database.objects.filter(pk=database.pk).exclude(trouble=trouble)
    if not others.update(trouble=trouble):
        return
    if trouble:
        logger.warning("Database %s: %s", database, trouble)
    else:
        logger.info("Database %s: its tables are seen on the cluster again.", database)


def mirror_all() -> None:
    """Have the tables of all databases that are on the cluster. Trouble with one is its own."""
    for database in Database.objects.exclude(catalog=""):
        try:
            with suppress(TableError):  # It is kept, and logged.
                mirror(database)
        except Exception:
            logger.exception("The tables of the database %s could not be looked up.", database)


def forget(database: Database) -> None:
    """Delete a database with what was seen of its tables. On the cluster nothing changes."""
    with transaction.atomic():
        store.wait_for(database)
        if Query.objects.filter(database=database).exists():
            raise TableError(f"There are queries of {database} by now: delete them first.")
        database.tables.all().delete()
        database.delete()
