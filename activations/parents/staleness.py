"""Whether the data of a parent segment is older than its schedule says, and since when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from activations.models import ParentSegment
from activations.parents.audience import CUSTOMERS
from console.models import Job, Table

SOON = timedelta(minutes=5)  # in which a refresh that is due is begun
ENDED = {
    Job.Status.ERROR: "failed",
    Job.Status.KILLED: "was stopped",
    Job.Status.SKIPPED: "was skipped",
}


@dataclass(frozen=True)
class Stale:
    """Data that is older than it should be."""

    data_of: datetime | None  # when the refresh began that made it; None where there is none
    why: str
    job: Job | None  # the refresh that did not succeed, if there was one
    refreshing: bool  # one is under way


def stale(parent: ParentSegment, *, now: datetime | None = None) -> Stale | None:
    """Return how the data is older than it should be, or None where it is not."""
    jobs = parent.query.jobs.order_by("-pk").defer("sql", "builds", "traceback")
    good = jobs.filter(status=Job.Status.SUCCESS).first()
    later = jobs.filter(pk__gt=good.pk) if good else jobs
    tried = later.filter(status__in=ENDED).first()
    refreshing = later.exclude(status__in=Job.FINISHED).exists()
    why = why_tried(tried) if tried else why_not_begun(parent.query.schedule, good, now, refreshing)
    if not why:
        return None
    return Stale(data_of(parent, good), why, tried, refreshing)


def data_of(parent, good):
    """Return when the data was made; jobs may be gone, but the table says it too."""
    if good and good.started_at:
        return good.started_at
    table = Table.objects.filter(database__name=parent.database, name=CUSTOMERS).first()
    return table and table.updated_at


def why_tried(job):
    """Say what became of a refresh after the last that succeeded."""
    what = f"The refresh of {moment(job.slot or job.created_at)} {ENDED[job.status]}"
    return f"{what}: {job.error} {job.remedy}".strip() if job.error else f"{what}."


def why_not_begun(schedule, good, now, refreshing):
    """Say that a slot has passed and nothing was begun."""
    due = slot_due(schedule, now or timezone.now())
    if not due or refreshing or (good and good.started_at and good.started_at >= due):
        return ""
    if schedule.paused_at:
        why = schedule.paused_because
        return f"The schedule of its refreshes is paused since {moment(schedule.paused_at)}: {why}"
    return f"The refresh of {moment(due)} was not begun."


def slot_due(schedule, now):
    """Return the slot of a schedule that should have been begun by now and was not."""
    slot = schedule and schedule.next_slot
    if not slot:
        return None
    return slot if slot + timedelta(seconds=schedule.delay) + SOON < now else None


def moment(at):
    return f"{at:%Y-%m-%d %H:%M} UTC"
