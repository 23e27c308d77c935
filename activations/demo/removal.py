"""Removing the demo: its data, its authentications, and all that was made of them."""

from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from activations.models import Activation, ParentSegment, Segment
from activations.parents import keeping
from activations.segments.folders import tree
from activations.segments.references import lock_segments
from console import tables
from console.demo.authentications import VENDORS
from console.demo.data import DATABASES
from console.demo.destinations import NAMES
from console.models import Database, Job, Query
from console.queries import saving
from console.quickstart import home, removed
from integrations.access import where_used
from integrations.models import Authentication


class NotRemoved(Exception):
    """The demo cannot be removed now: why, and what to do."""


@dataclass
class Contents:
    """All that goes with the demo, and what stays of its authentications."""

    parents: list[ParentSegment] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    activations: list[Activation] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    databases: list[Database] = field(default_factory=list)
    authentications: list[Authentication] = field(default_factory=list)
    kept: list[Authentication] = field(default_factory=list)  # something else uses them

    def named(self) -> list[tuple[str, list[str]]]:
        """Return what goes, for a person: (what, names)."""
        found = {
            "Activations": self.activations,
            "Segments": self.segments,
            "Parent segments": self.parents,
            "Queries": self.queries,
            "Databases": self.databases,
            "Authentications": self.authentications,
        }
        return [(what, [str(each) for each in things]) for what, things in found.items() if things]


def contents() -> Contents:
    """Return all that goes: the demo's data, and what is made of it, whoever made that."""
    parents = [each for each in ParentSegment.objects.all() if reads_demo(each)]
    audiences = [name for each in parents for name in (each.database, each.unmasked_database)]
    places = Database.objects.filter(name__in=[*DATABASES, *audiences])
    queries = Query.objects.filter(database__in=places).exclude(
        Q(activation__isnull=False) | Q(parent_segment__isnull=False)
    )
    found = Contents(
        parents=parents,
        segments=[*Segment.objects.filter(parent_segment__in=parents)],
        activations=[*Activation.objects.filter(segment__parent_segment__in=parents)],
        queries=[*queries],
        databases=[*places.filter(name__in=DATABASES)],
    )
    going = {query.pk for query in [*queries, *(each.query for each in found.activations)]}
    for each in Authentication.objects.filter(name__in=names(), inline=False).order_by("name"):
        users = where_used(each)
        free = all(isinstance(user, Query) and user.pk in going for _, user, _ in users)
        (found.authentications if free else found.kept).append(each)
    return found


def names():
    return [*NAMES, *(vendor.name for vendor in VENDORS)]


def reads_demo(parent):
    """Return whether a parent segment is made of tables of the demo."""
    used = {parent.master, *(each["table"] for each in parent.attributes + parent.behaviors)}
    return any(table.partition(".")[0] in DATABASES for table in used)


def remove(by: User) -> None:
    """Remove the demo with all that was made of it, and its jobs.

    People stay, and so does what the sandbox received. Raise NotRemoved while a job runs, or
    where something else needs it; then nothing is removed.
    """
    with transaction.atomic():
        lock_segments()
        remove_contents(by)
    removed.note()


def remove_contents(by):
    found = contents()
    jobs = jobs_of(found)
    if going_on := jobs.exclude(status__in=Job.FINISHED).order_by("pk").first():
        raise NotRemoved(
            f"Job {going_on.pk} of the demo is not done. Wait for its end, or kill it, and try "
            "again."
        )
    jobs.delete()
    for activation in found.activations:
        activation.delete()
        saving.delete(activation.query)
    for query in found.queries:
        saving.delete(query)
    for parent in found.parents:
        remove_parent(parent, by)
    for database in found.databases:
        remove_database(database)
    for authentication in found.authentications:
        authentication.delete()


def jobs_of(found):
    """Return the jobs of what goes: those that ran, and those that were made up."""
    queries = [
        *(each.pk for each in found.queries),
        *(each.query_id for each in [*found.activations, *found.parents]),
    ]
    audiences = [name for each in found.parents for name in (each.database, each.unmasked_database)]
    places = [*(each.name for each in found.databases), *audiences]
    return Job.objects.filter(Q(query__in=queries) | Q(database__in=places))


def remove_parent(parent, by):
    parent.segments.all().delete()
    for folder, _ in reversed(tree(parent)):
        folder.delete()
    try:
        keeping.delete(parent, by)
    except keeping.StillUsed as error:
        users = ", ".join(name for name, _ in keeping.usage(parent, by))
        why = f"These need it: {users}. Change or delete them first." if users else str(error)
        raise NotRemoved(f"{parent.name} cannot go. {why}") from None


def remove_database(database):
    for table in database.tables.all():
        tables.drop(database, table.name)
    database.delete()


def is_there() -> bool:
    """Return whether this is a quickstart, and the demo is still there."""
    return home.is_one() and not removed.is_removed()
