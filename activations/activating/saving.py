"""Saving an activation: with its query, export, schedule and messages, or nothing of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from activations import mapping
from activations.activating.access import may_change
from activations.activating.fields import settings_of
from activations.activating.refusals import (
    BadTiming,
    ColumnTaken,
    Gone,
    NameTaken,
    NoSegment,
    NoSuchKey,
    NoTable,
    NotRefreshed,
    NotYours,
    Off,
    SavedMeanwhile,
    Unsound,
    Unusable,
    opened_at,
)
from activations.models import Activation, Segment
from activations.rules import problems as rule_problems
from activations.segments.references import lock_segments
from activations.segments.rewriting import CannotRewrite, keep_about, statement
from activations.segments.usable import audience_for
from console import tables
from console.jobs.changes.wishes import Changes
from console.models import Database, Query
from console.queries import saving
from console.queries.exporting import set_export, target_of
from console.schedules import ChainError, CronError
from integrations.access import usable_by
from integrations.models import Authentication, SwitchedOff

STAYS = object()
EDITED = ["name", "description", "mapping", "updated_at"]


@dataclass(frozen=True)
class Mail:
    """Who hears of the runs. The owner hears of failures in any case."""

    on_failure: bool = False
    on_success: bool = False
    people: list[User] = field(default_factory=list)


@transaction.atomic
def save(  # noqa: PLR0913 - an activation is all of this.
    activation: Activation,
    *,
    by: User,
    authentication: Authentication,
    export: dict,
    changes: dict | object | None = STAYS,
    timing: Callable[[Query], object] | None = None,
    mail: Mail | None = None,
    opened: str = "",
) -> Activation:
    """Save an activation, new or changed. A new one belongs to the person who saves it.

    `export` is what the connector's form made of what was entered, and `changes` what ChangesForm
    did: how to send only what changed; None sends all. `timing` puts a query on its
    schedule, or takes it off. Without them, and without `mail`, these stay as they are. `opened` is
    what `opened_at()` was when the person saw it. Raise NotSaved where it cannot be; then nothing
    has changed.
    """
    lock_segments()
    activation.segment = as_it_is(activation.segment)
    if activation.pk is not None:
        check_kept(activation, by, opened)
    check_destination(activation, by, authentication, export)
    for user in {owner_of(activation, by), by}:
        check_for(activation, user)
    check_changes(activation, by, changes)
    if activation.pk is None:
        activation.query = new_query(activation, by)
    written(activation)
    keep_query(activation, mail)
    kept = activation.query.changes if changes is STAYS else changes
    set_export(activation.query, authentication, export, kept)
    keep_timing(activation.query, timing)
    keep_sql(activation, by)
    return activation


def as_it_is(segment):
    """Return the segment with the rules it has by now: they could change until it was locked."""
    found = Segment.objects.select_related("parent_segment").filter(pk=segment.pk).first()
    if found is None:
        raise NoSegment(segment.name)
    return found


def check_destination(activation, by, authentication, export):
    """Raise NotSaved where the owner may not export there, or the person who chose to.

    What stays as it was may be out of reach of who saves: they did not choose it.
    """
    owner = owner_of(activation, by)
    kept = Query.objects.filter(pk=activation.query_id).first()
    changed = kept is None or kept.authentication_id != authentication.pk
    for user in [owner, by] if changed or elsewhere(kept, export) else [owner]:
        if not usable_by(user).filter(pk=authentication.pk).exists():
            raise Unusable(authentication.name, user)
    if changed and (off := SwitchedOff.objects.filter(type=authentication.type).first()):
        raise Off(off)
    target = target_of(authentication, export)
    if target and (kept is None or target != target_of(kept.authentication, kept.export)):
        check_table(target, (owner, by))


def elsewhere(kept, export):
    """Return whether other settings go with an authentication: a path can be of others' file.

    What was saved before a setting existed stands for its default.
    """
    form = kept.authentication.connector.Export
    before, after = (form.from_json(settings or {}) for settings in (kept.export, export))
    return before.cleaned_data != after.cleaned_data


def check_table(target, people):
    """Raise NoTable where somebody may not write to a table of the console."""
    database, table, mode = target
    for user in people:
        try:
            tables.check((database, table), user, (), mode=mode)
        except tables.TableError:
            raise NoTable(database, user) from None


def owner_of(activation, by):
    """Return whom an activation belongs to, or will belong to."""
    return by if activation.pk is None else activation.query.owner


def check_changes(activation, by, changes):
    """Raise NotSaved where the output has not the columns that rows are compared by."""
    if changes is STAYS or changes is None:
        return
    owner, wanted = owner_of(activation, by), Changes.of(changes)
    audience = audience_for(activation.segment.parent_segment, owner)
    names = [name for name, _ in mapping.output_columns(activation.mapping, audience)]
    if missing := [name for name in wanted.key if name not in names]:
        raise NoSuchKey(missing, names)
    if wanted.told_in.lower() in {name.lower() for name in names}:
        raise ColumnTaken(wanted.told_in)


def check_kept(activation, by, opened):
    """Raise NotSaved where the activation is gone, not the person's, or not as they saw it."""
    kept = Activation.objects.filter(pk=activation.pk).first()
    if kept is None:
        raise Gone(activation.name)
    if not may_change(by, activation):
        raise NotYours(activation)
    if opened and opened != opened_at(kept):
        raise SavedMeanwhile(kept)


def check_for(activation, user):
    """Raise NotSaved where a person may not see what is exported: who saves it, or the owner."""
    segment = activation.segment
    audience = audience_for(segment.parent_segment, user)
    if audience is None:
        raise NotRefreshed(segment.parent_segment)
    found = rule_problems(segment.rules, audience, segment.pk)
    if found := found or mapping.problems(activation.mapping, audience):
        raise Unsound(found)


def new_query(activation, owner):
    """Return the query of a new activation; its SQL is written once its schedule is known.

    Where the activation was begun with a query that is not saved, it runs as that says.
    """
    begun = getattr(activation, "query", None)
    database = Database.objects.get(name=activation.segment.parent_segment.database)
    return Query.objects.create(
        **(settings_of(begun) if begun else {}),
        name=activation.name,
        database=database,
        sql="",
        owner=owner,
        place="/",
        version=0,
    )


def written(activation):
    others = Activation.objects.filter(segment=activation.segment, name=activation.name)
    if others.exclude(pk=activation.pk).exists():
        raise NameTaken(activation.name)
    try:
        with transaction.atomic():
            activation.save(update_fields=activation.pk and EDITED)
    except IntegrityError:
        raise NameTaken(activation.name) from None


def keep_query(activation, mail):
    """Give the query what is the activation's: name, page, and who hears of its runs."""
    query = activation.query
    query.name = activation.name
    query.place = activation.get_absolute_url()
    if mail is not None:
        query.notify_failure, query.notify_success = mail.on_failure, mail.on_success
        query.notified.set(mail.people)
    query.save(update_fields=["name", "place", "notify_failure", "notify_success"])


def keep_timing(query, timing):
    if timing is None:
        return
    try:
        timing(query)
    except (ChainError, CronError) as error:
        raise BadTiming(str(error)) from None


def keep_sql(activation, by):
    """Write the SQL, in the time zone of the schedule as it is now."""
    try:
        activation.query.sql = statement(activation)
    except CannotRewrite as error:
        raise Unsound([error.problem]) from None
    saving.save(activation.query, by=by)
    keep_about(activation)
