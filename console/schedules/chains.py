"""Chains: which query runs after which. Never in a circle, and not without end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection
from django.utils.text import Truncator

from console.access import is_admin
from console.models import Query, Schedule, Trigger
from console.schedules.times import Times, times, times_of
from console.tables import readable_databases

MOST_IN_A_ROW = 20  # queries of a chain, from the first to the last
MOST_FOLLOWERS = 50  # schedules that one query starts
LOCK = 0x74726967  # one number for all that change chains
NAMED = 60  # characters of a name in a sentence


class ChainError(ValueError):
    """A query cannot run after another one: why, in a sentence."""


def lock_chains() -> None:
    """Let one at a time change what runs after what. To be called in a transaction.

    No row of a table stands for all chains, so PostgreSQL locks a number; a transaction of
    SQLite has the whole database to itself.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def may_follow(user: User, query: Query) -> bool:
    """Return whether a query of the user may run after this one.

    As they may see it, or read what it builds: who uses tables may run once they are new.
    """
    if query.owner_id == user.pk or is_admin(user):
        return True
    return readable_databases(user).filter(name__in=query.builds or ()).exists()


def upstreams() -> dict[int, int]:
    """Return the key of each query that runs after another, with the key of that one."""
    found = Trigger.objects.filter(query__isnull=False, schedule__query__isnull=False)
    return dict(found.values_list("schedule__query", "query"))


def above(key: int, edges: dict[int, int]) -> list[int]:
    """Return what a query runs after, what that runs after, and so on to the first."""
    found = []
    while (key := edges.get(key)) and key not in found:
        found.append(key)
    return found


def below(key: int, edges: dict[int, int]) -> list[list[int]]:
    """Return what runs after a query, then what runs after those, and so on."""
    levels, level, seen = [], [key], {key}
    while level := [low for low, high in edges.items() if high in level and low not in seen]:
        levels.append(level)
        seen.update(level)
    return levels


def check_chain(query: Query, upstream: Query) -> Query:
    """Return the other query as it is now. Raise ChainError where this one cannot run after it."""
    upstream = Query.objects.select_related("schedule").filter(pk=upstream.pk).first()
    if upstream is None:
        raise ChainError("The query that this is to run after was deleted meanwhile.")
    if not may_follow(query.owner, upstream):
        whose = f"{query.owner.get_username()}, the owner of {named(query)},"
        raise ChainError(f"{whose} may not see the query that it is to run after.")
    edges = upstreams()
    edges.pop(query.pk, None)
    before = [upstream.pk, *above(upstream.pk, edges)]
    if query.pk in before:
        circle = before[: before.index(query.pk)]
        raise ChainError(circle_named(query, circle))
    length = len(before) + 1 + len(below(query.pk, edges))
    if length > MOST_IN_A_ROW:
        raise ChainError(
            f"This chain would have {length} queries one after the other, "
            f"and {MOST_IN_A_ROW} is the most."
        )
    if list(edges.values()).count(upstream.pk) >= MOST_FOLLOWERS:
        raise ChainError(
            f"{MOST_FOLLOWERS} queries run after {named(upstream)} already, which is the most."
        )
    return upstream


def circle_named(query, keys):
    """Say what runs after what, back to where it began."""
    if not keys:
        return "A query cannot run after itself."
    found = Query.objects.in_bulk(keys)
    names = [shown_to(query.owner, found[key]) for key in keys]
    way = ", which runs after ".join([*names, named(query)])
    return f"{named(query)} cannot run after {way}: in a circle nothing ever starts."


def named(query: Query) -> str:
    return f"“{Truncator(query.name).chars(NAMED)}”"


def shown_to(user: User, query: Query) -> str:
    """Name a query to somebody who may not be allowed to see it."""
    return named(query) if may_follow(user, query) else f"a query of {query.owner.get_username()}"


def followers(query: Query) -> list[Query]:
    """Return the queries that run directly after this one."""
    found = Query.objects.filter(schedule__trigger__query=query)
    return list(found.select_related("schedule", "owner").order_by("name", "pk"))


def spread_zone(query: Query, zone: str) -> None:
    """Give the time zone to all that runs after a query: slots have the same name in all."""
    keys = [key for level in below(query.pk, upstreams()) for key in level]
    Schedule.objects.filter(query__in=keys).update(timezone=zone)


def line_above(schedule: Schedule | None) -> Iterator[Query]:
    """Yield the queries that a schedule runs after: the nearest first, the first of all last."""
    seen = set()
    while (trigger := schedule and schedule.follows) and trigger.query_id:
        if trigger.query_id in seen:
            return
        seen.add(trigger.query_id)
        yield trigger.query
        schedule = trigger.query.schedule


@dataclass(frozen=True)
class Course:
    """When something runs at the earliest: the times of the first of its chain, and all delays."""

    times: Times
    delay: int
    next_slot: datetime | None
    why_none: str = ""  # why nothing is to be expected

    @property
    def timezone(self) -> str:
        return self.times.timezone


def course(schedule: Schedule, called: Callable[[Query], str] = named) -> Course:
    """Return the course of a schedule, be it its own or that of what it runs after.

    It names queries as `called` does.
    """
    if schedule.follows is None:
        return Course(times_of(schedule), schedule.delay, schedule.next_slot)
    if schedule.follows.query is None:
        never = times("", schedule.timezone)
        return Course(never, schedule.delay, None, "Nothing is there to run after.")
    return course_after(schedule.follows.query, schedule.delay, called)


def course_after(upstream: Query, delay: int, called: Callable[[Query], str] = named) -> Course:
    """Return the course of what runs after a query, with a delay."""
    line = [upstream, *line_above(upstream.schedule)]
    schedules = [each.schedule for each in line if each.schedule]
    delay += sum(schedule.delay for schedule in schedules)
    first, why = line[-1].schedule, why_none(line, called)
    if why or first is None:
        never = times("", schedules[0].timezone if schedules else "UTC")
        return Course(never, delay, None, why)
    return Course(times_of(first), delay, first.next_slot)


def why_none(line, called):
    """Say why nothing is to be expected of a line of queries, the nearest first; or nothing."""
    for query in line:
        if query.schedule is None:
            return f"{called(query)} has no schedule: it runs when somebody runs it."
        if query.schedule.paused_at:
            return f"The schedule of {called(query)} is paused."
    if line[-1].schedule.ended:
        return f"The schedule of {called(line[-1])} has ended."
    if line[-1].schedule.follows:  # What it ran after was deleted.
        return f"{called(line[-1])} has nothing any more to run after."
    return ""
