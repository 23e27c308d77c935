"""Saving and deleting parent segments: their refresh, their databases and who may read those."""

import re

from django.db import transaction
from django.urls import NoReverseMatch

from activations.models import ParentSegment
from activations.parents.refresh import builds
from activations.parents.sources import sources
from console import jobs, tables
from console.models import Database, Job, Query
from console.queries import saving
from console.schedules.chains import may_follow, shown_to
from console.tables import TableError

NOT_KEPT_YET = "/workbench/parent-segments/"


class StillUsed(Exception):
    """A parent segment cannot be deleted: why, in a sentence."""


@transaction.atomic
def save(parent: ParentSegment, *, readers, unmasked, by) -> ParentSegment:
    """Save a parent segment with its refresh and its databases. Raise TableError where it cannot.

    What is built stays as it is until the next refresh; who may read it changes at once.
    """
    if parent.pk is None:
        parent.query = new_query(parent)
    parent.save()
    parent.readers.set(readers)
    parent.unmasked.set(unmasked)
    made = builds(parent, sources(parent.owner))
    keep_database(parent.database, parent.owner, {*readers, *unmasked})
    if made[parent.unmasked_database] or exists(parent.unmasked_database):
        keep_database(parent.unmasked_database, parent.owner, unmasked)
    else:
        del made[parent.unmasked_database]
    keep_query(parent, made, by)
    return parent


def new_query(parent):
    """Return the query of a refresh, before the parent segment has the number it is named by."""
    place = Database.objects.filter(name=parent.master.partition(".")[0]).first()
    if place is None:
        raise TableError(f"There is no table {parent.master} that you may read.")
    return Query.objects.create(
        name="Refresh", database=place, sql="-", owner=parent.owner, place=NOT_KEPT_YET
    )


def keep_query(parent, made, by):
    """Let the next refresh make the tables as they are defined now."""
    query = parent.query
    query.name = f"Refresh of {parent.name}"[:255]
    query.database = Database.objects.get(name=parent.database)
    query.place, query.builds = parent.get_absolute_url(), made
    query.sql = tables.written(made)
    query.save(update_fields=["place", "builds"])
    saving.save(query, by=by)


def stop_outdated(parent: ParentSegment, by) -> int:
    """Kill refreshes that would build what was defined before. Return how many there were."""
    going_on = parent.query.jobs.exclude(status__in=Job.FINISHED)
    outdated = [job for job in going_on if job.builds != parent.query.builds]
    for job in outdated:
        jobs.kill(job, by)
    return len(outdated)


def exists(database):
    return Database.objects.filter(name=database).exists()


def keep_database(name, owner, readers):
    """Let the owner and the groups read the database, and nobody else."""
    found = Database.objects.filter(name=name, owner=owner).first()
    found = found or tables.create_database(name, owner, audience=True, everyone_reads=False)
    found.readers.set(readers)


def usage(parent: ParentSegment, user) -> list[tuple[str, str]]:
    """Return what stands in the way of deleting: (name, address), "" where there is no way."""
    segments = [(f"Segment {each.name}", address_of(each)) for each in parent.segments.all()]
    queries = [
        (f"Query {shown_to(user, each)}", address_of(each) if may_follow(user, each) else "")
        for each in queries_over(parent)
    ]
    return segments + queries


def address_of(thing):
    try:
        return thing.get_absolute_url()
    except NoReverseMatch:
        return ""  # It has no page.


def queries_over(parent):
    """Return the queries of the workbench that read what a refresh makes."""
    named = re.compile(rf"\b{parent.database}(_unmasked)?\b")
    found = Query.objects.exclude(pk=parent.query_id).filter(place="").select_related("owner")
    inside = found.filter(database__name__in=[parent.database, parent.unmasked_database])
    keys = {each.pk for each in inside}
    naming = found.filter(sql__icontains=parent.database)
    keys |= {each.pk for each in naming if named.search(each.sql.lower())}
    return found.filter(pk__in=keys).order_by("name", "pk")


@transaction.atomic
def delete(parent: ParentSegment, user) -> None:
    """Delete a parent segment with its databases. Raise StillUsed where that must not be."""
    parent = ParentSegment.objects.select_for_update().get(pk=parent.pk)
    if usage(parent, user):
        raise StillUsed("It is still used. Delete what uses it first.")
    if parent.query.jobs.exclude(status__in=Job.FINISHED).exists():
        raise StillUsed("A refresh is under way. Wait for its end, or kill it.")
    names = [parent.database, parent.unmasked_database]
    query = parent.query
    parent.delete()
    saving.delete(query)
    for database in Database.objects.filter(name__in=names, owner=query.owner):
        for table in database.tables.all():
            tables.drop(database, table.name)
        database.delete()
