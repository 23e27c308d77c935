"""What became of the refreshes of a parent segment, and of when its data is."""

from dataclasses import dataclass, field
from datetime import datetime

from activations.models import ParentSegment
from activations.parents.audience import CUSTOMERS
from console.jobs import NoResult, grid
from console.models import Job, Table

SHOWN = 20


@dataclass(frozen=True)
class State:
    """How the data of a parent segment stands."""

    customers: int | None  # None before the first refresh
    data_of: datetime | None  # when the refresh began that made the data
    last: Job | None
    running: bool
    changed: bool  # since the data was made


@dataclass(frozen=True)
class Refresh:
    """A refresh that was, or is under way."""

    job: Job
    counts: list[tuple[str, int]] = field(default_factory=list)  # table and its rows


def state(parent: ParentSegment) -> State:
    """Return how the data stands, whatever became of jobs since."""
    table = Table.objects.filter(database__name=parent.database, name=CUSTOMERS).first()
    jobs = parent.query.jobs.order_by("-pk")
    last = jobs.first()
    good = jobs.filter(status=Job.Status.SUCCESS).only("builds", "started_at").first()
    return State(
        table and table.rows,
        (good and good.started_at) or (table and table.updated_at),
        last,
        running=bool(last and not last.settled),
        changed=bool(table and good and good.builds != parent.query.builds),
    )


def refreshes(parent: ParentSegment) -> list[Refresh]:
    """Return the last refreshes, each with how many rows its tables got."""
    return [Refresh(job, counts(job)) for job in parent.query.jobs.order_by("-pk")[:SHOWN]]


def counts(job: Job) -> list[tuple[str, int]]:
    """Return the tables that a refresh made with their rows; [] where that is not known any more.

    The unmasked tables have the same rows as the clear ones, which are listed alone.
    """
    if job.status != Job.Status.SUCCESS:
        return []
    try:
        _, rows = grid(job)
    except NoResult:
        return []
    named = [(name.partition("."), int(number)) for name, number in rows]
    return [(table, number) for (place, _, table), number in named if place == job.database]
