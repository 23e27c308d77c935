"""A saved query through its life: save, duplicate, restore, delete."""

import shutil

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console import locks
from console.models import Job, Query, QueryVersion
from console.schedules import unschedule
from console.schedules.chains import lock_chains
from console.schedules.following import stop_followers
from integrations import meanwhile
from integrations.access import choosable_by
from integrations.models import SwitchedOff

EDITED = ["name", "database", "engine", "updated_at"]


class SavedMeanwhile(Exception):
    """The query was saved by someone else, or in another window, since it was opened.

    `told` is what the next attempt knows of it: `version` or `seen`, by the names of save().
    """

    def __init__(self, kept):
        self.told = {"version": kept.version}
        latest = kept.versions.select_related("saved_by").first()
        super().__init__(
            f"{latest.saved_by.get_username()} saved version {kept.version} of this query after "
            "you opened it. Your text is still here: compare it under Versions, then save again "
            "to replace that version."
        )


class RenamedMeanwhile(SavedMeanwhile):
    """Its name, database or engine was changed since the query was opened."""

    def __init__(self, kept):
        self.told = {"seen": mark_of(kept)}
        Exception.__init__(
            self,
            "The name, database or engine was changed in another window, or by somebody else, "
            f"after you opened the query: it is “{kept.name}” in {kept.database.name} now. What "
            "you entered is still here: save again to replace that.",
        )


def mark_of(query):
    """Return what tells whether more than the SQL of a query has changed since it was shown."""
    return meanwhile.mark(query.name, query.database_id, query.engine)


@transaction.atomic
def save(query, *, by, opened=None, seen=""):
    """Save the query, and its SQL as a new version where it changed.

    `opened` is the version that the editor showed, `seen` the mark_of() the query then; raise
    SavedMeanwhile where that is no longer the latest and both changed the SQL, or the rest.
    """
    kept = Query.objects.filter(pk=query.pk).first()
    if kept and seen not in ("", mark_of(kept)) and mark_of(kept) != mark_of(query):
        raise RenamedMeanwhile(kept)
    if kept and kept.sql == query.sql:
        query.version = kept.version
        query.save(update_fields=EDITED)
        return query
    if kept and opened is not None and opened != kept.version:
        raise SavedMeanwhile(kept)
    query.version = kept.version + 1 if kept else 1
    query.save(update_fields=kept and [*EDITED, "sql", "version"])
    QueryVersion.objects.create(query=query, number=query.version, sql=query.sql, saved_by=by)
    return query


def is_of(job: Job, query: Query) -> bool:
    """Return whether the job ran what the query has."""
    ran = (job.sql, job.database, job.engine)
    return ran == (query.sql, query.database.name, query.engine)


def adopt(job: Job, query: Query) -> None:
    """Count a run of the text, from before it was saved, as one of the query."""
    if (
        job.query_id is None
        and not job.test
        and job.owner_id == query.owner_id
        and is_of(job, query)
    ):
        job.query, job.query_version, job.name = query, query.version, query.name
        job.save(update_fields=["query", "query_version", "name"])


def restore(query, number, *, by):
    """Make the SQL of an earlier version the current one, as a new version."""
    query.sql = query.versions.get(number=number).sql
    return save(query, by=by)


def free_name(name, owner):
    """Return the name, or the name with the first number that the owner has not used."""
    stem, number = name[:240], 1
    while Query.objects.filter(owner=owner, name=name, place="").exists():
        number += 1
        name = f"{stem} ({number})"
    return name


def duplicate(query, *, by):
    """Return a copy that belongs to the person, without the schedule.

    The export comes along where they may choose its authentication.
    """
    choosable = choosable_by(by).filter(pk=query.authentication_id)
    export = query.authentication_id and choosable.exists()
    copy = Query(
        name=free_name(f"Copy of {query.name}"[:255], by),
        database=query.database,
        engine=query.engine,
        sql=query.sql,
        owner=by,
        authentication=query.authentication if export else None,
        export=query.export if export else None,
        changes=query.changes | {"by": by.pk} if export and query.changes else None,
        priority=query.priority,
        retry_limit=query.retry_limit,
    )
    return save(copy, by=by)


def why_no_export(copy: Query, of: Query) -> str:
    """Return why a copy does not export as the query that it is of, or nothing where it does."""
    if copy.authentication_id or not of.authentication_id:
        return ""
    off = SwitchedOff.objects.filter(type=of.authentication.type).first()
    return off.sentence if off else f"you cannot use the authentication “{of.authentication}”."


def forget_delivered(pk):
    """Delete what was delivered of a query that is gone; while a backup is made, a day later."""
    with locks.held(locks.FILES, alone=True) as alone:
        if alone:
            shutil.rmtree(settings.DELIVERED_DIR / str(pk), ignore_errors=True)


@transaction.atomic
def delete(query):
    """Delete the query with its versions, schedule and webhook. Jobs stay, without a query.

    What runs after it is paused.
    """
    lock_chains()
    unschedule(query)
    stop_followers(query, timezone.now())
    webhook, pk = query.webhook, query.pk
    query.delete()
    transaction.on_commit(lambda: forget_delivered(pk))
    if webhook:
        webhook.delete()
