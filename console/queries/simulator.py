"""What a schedule will do: its next runs, as the tick makes them, and what is unusual of each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from console.models import Query
from console.queries.exporting import LONG_AGO, path_at
from console.schedules.chains import course
from console.schedules.times import Times

OTHERS = 50  # schedules with the same authentication that are compared, and runs of each
JOB = "{job}"  # stands for a number that no other file has
# All placeholders are filled in otherwise, from their first character to their last.
UNLIKE = (
    datetime(1111, 11, 11, 11, 11, 11, tzinfo=UTC),
    datetime(2222, 2, 22, 22, 22, 22, tzinfo=UTC),
)
PathOf = Callable[[datetime], str]


@dataclass(frozen=True)
class Firing:
    """A run that is to come."""

    slot: datetime  # in the zone of the schedule
    starts: datetime  # in UTC
    path: str  # of the file that it writes, if any
    notes: list[str] = field(default_factory=list)


def simulate(
    times: Times, delay: int, after: datetime, n: int, query: Query | None = None
) -> list[Firing]:
    """Return the next n runs after an instant, with the file that the query would write."""
    zone = times.zone
    path_of = path_at(query) if query else lambda slot: ""
    taken = paths_of_others(query, path_of, after) if query else {}
    found, before, own = [], after.astimezone(zone), OwnPaths(path_of(LONG_AGO))
    for slot in times.first(n, after):
        local = slot.astimezone(zone)
        path = path_of(local)
        notes = [*clock_notes(local, before, times), *own.collisions(path, local)]
        notes += collisions(path, taken)
        found.append(Firing(local, slot + timedelta(seconds=delay), path, notes))
        before = local
    return found


def clock_notes(local: datetime, before: datetime, times: Times) -> Iterable[str]:
    """Yield what a change of the clock does to a run, which comes after another."""
    if not times.shows(local):
        yield "The clock skips the time that was named: this is the next minute there is."
    other = local.replace(fold=1 - local.fold)
    if other.utcoffset() != local.utcoffset():
        once = "the second time" if local.fold else "the first time"
        when = "both times" if times.has(other.astimezone(UTC)) else once
        yield f"The clock shows this time twice: it runs {when}."
    if before.utcoffset() != local.utcoffset():
        way = "forward" if before.utcoffset() < local.utcoffset() else "back"
        yield f"The clock goes {way} before this run."


class Fixed(NamedTuple):
    """What the paths of all runs begin and end with."""

    head: str
    tail: str

    @classmethod
    def of(cls, path_of: PathOf) -> "Fixed":
        one, other = map(path_of, UNLIKE)
        return cls(same_start(one, other), same_start(one[::-1], other[::-1]))

    def fits(self, other: "Fixed") -> bool:
        """Return whether the two can be of the same path."""
        pairs = zip(self, other, strict=True)
        return all(one.startswith(two) or two.startswith(one) for one, two in pairs)


def same_start(one, other):
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(character for character, _ in pairs)


class OwnPaths:
    """The files of the runs so far, where they go by time and so are not meant to be the same."""

    def __init__(self, path_of_old: str):
        self.same_for_all = path_of_old
        self.slots = {}

    def collisions(self, path: str, slot: datetime) -> Iterable[str]:
        if not path or path == self.same_for_all or JOB in path:
            return
        if before := self.slots.get(path):
            yield f"Replaces the file of the run at {before:%Y-%m-%d %H:%M}: it has the same name."
        self.slots[path] = slot


def collisions(path: str, taken: dict[str, str]) -> Iterable[str]:
    if path in taken:
        yield f"{taken[path]} writes a file of the same name: one replaces the other."


def paths_of_others(query: Query, path_of: PathOf, after: datetime) -> dict[str, str]:
    """Return the files that other schedules will write which may be this query's, and whose."""
    if not query.authentication_id:
        return {}
    others = Query.objects.filter(authentication=query.authentication_id, export__isnull=False)
    active = others.exclude(pk=query.pk).filter(schedule__paused_at=None, schedule__isnull=False)
    found, mine = {}, Fixed.of(path_of)
    for other in active.only("name", "owner", "export", "changes", "schedule")[:OTHERS]:
        other.authentication = query.authentication
        path_of = path_at(other)
        if not mine.fits(Fixed.of(path_of)):
            continue
        whose = f"“{other.name}”" if other.owner_id == query.owner_id else "The query of another"
        found |= dict.fromkeys(filter(None, coming_paths(other, path_of, after)), whose)
    return found


def coming_paths(query, path_of, after):
    to_come = course(query.schedule)
    slots = to_come.times.first(OTHERS, after)
    paths = [path_of(slot.astimezone(to_come.times.zone)) for slot in slots]
    return [path for path in paths if JOB not in path]
