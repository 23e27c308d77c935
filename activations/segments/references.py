"""Which segments refer to which, and what uses one."""

from collections.abc import Iterator

from django.db import connection

from activations.models import Activation, ParentSegment, Segment

LOCK = 0x73656773  # one number for all that change what segments are made of


def lock_segments() -> None:
    """Let one at a time change what segments are made of. To be called in a transaction.

    PostgreSQL locks a number; a transaction of SQLite has the whole database to itself.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def references(node: dict) -> Iterator[int]:
    """Yield the ids of the segments that rules refer to."""
    if node.get("type") == "Reference":
        yield node.get("id")
    for each in node.get("conditions") or []:
        yield from references(each)


def edges(parent: ParentSegment) -> dict[int, set[int]]:
    """Return for each segment of a parent those that it refers to."""
    found = Segment.objects.filter(parent_segment=parent).values_list("pk", "rules")
    return {key: set(references(rules)) for key, rules in found}


def users_of(segment: Segment) -> list[Segment]:
    """Return the segments that refer to this one."""
    keys = [key for key, to in edges(segment.parent_segment).items() if segment.pk in to]
    return list(Segment.objects.filter(pk__in=keys).exclude(pk=segment.pk))


def dependents(segment: Segment) -> list[int]:
    """Return the keys of the segments that refer to this one, be it over others."""
    found, level = [], {segment.pk}
    to = edges(segment.parent_segment)
    while level := {key for key, of in to.items() if of & level and key not in found}:
        found += sorted(level)
    return [key for key in found if key != segment.pk]


def where_used(segment: Segment) -> list[tuple[str, object]]:
    """Return (kind, object) of everything that cannot do without the segment."""
    activations = Activation.objects.filter(segment=segment)
    return [("Segment", each) for each in users_of(segment)] + [
        ("Activation", each) for each in activations
    ]
