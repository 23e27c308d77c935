"""Running slots of the past: those that nothing ran, or that should run again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone as clock

from console.jobs import kill, retry
from console.jobs.log import write
from console.jobs.submission import new_job, sent
from console.models import Job, Query
from console.schedules.clocks import MINUTE
from console.schedules.times import times_of

MOST = 200  # slots at once


@dataclass(frozen=True)
class PastSlot:
    """A slot that was due, and the job it has, if it has one."""

    slot: datetime
    job: Job | None

    @property
    def is_open(self) -> bool:
        """Whether nothing ran it, nor is going to."""
        return self.job is None or self.job.status == Job.Status.SKIPPED


def past_slots(query: Query, first: datetime, last: datetime) -> list[PastSlot]:
    """Return the slots from one instant to another, as far as they are over; the first so many.

    They are those of the query's schedule as it is now, each with its latest job.
    """
    own = slots_followed if query.schedule.follows else slots_named
    wanted = list(islice(own(query.schedule, first, last), MOST))
    latest = latest_jobs(query, wanted)
    return [PastSlot(slot, latest.get(slot)) for slot in wanted]


def latest_jobs(query, slots) -> dict[datetime, Job]:
    """Return the latest job of each slot that has one."""
    jobs = Job.objects.filter(query=query, slot__in=slots, resend_of=None).order_by("pk")
    return {job.slot: job for job in jobs}


def slots_named(schedule, first, last):
    """Yield the slots that the schedule names."""
    last = min(last, clock.now() - timedelta(seconds=schedule.delay))
    before = (not schedule.paused_at and schedule.next_slot) or last + MINUTE
    found = times_of(schedule).slots(first - MINUTE)
    inside = takewhile(lambda slot: slot <= last and slot < before, found)
    return (slot for slot in inside if slot >= first)


def slots_followed(schedule, first, last):
    """Return the slots for which the query that it runs after has succeeded."""
    upstream = {"query": schedule.follows.query, "resend_of": None}
    found = Job.objects.filter(**upstream, status=Job.Status.SUCCESS)
    found = found.filter(query__isnull=False, slot__gte=first, slot__lte=last)
    return found.order_by("slot").values_list("slot", flat=True).distinct()


def run_slots(query: Query, slots: list[datetime], by: User) -> list[Job]:
    """Make jobs of past slots, in their order. What has a job gets one that does the same.

    A job that is under way is not doubled: somebody clicked twice, or sent a form again.
    """
    with transaction.atomic():
        Query.objects.select_for_update().get(pk=query.pk)  # The second click waits here.
        latest = latest_jobs(query, slots)
        wanted = [slot for slot in slots if slot not in latest or latest[slot].finished]
        return [run_slot(query, slot, latest.get(slot), by) for slot in sorted(wanted)]


def run_slot(query, slot, ended, by):
    """Make the job of a slot, which waits for those before it whatever the schedule says."""
    if ended:
        return retry(ended, by, in_turn=True)
    job = new_job(query, schedule=query.schedule, slot=slot, by=by)
    job.in_turn = True
    write(sent(job), f"Run for its slot afterwards, by {by.username}.")
    return job


def cancel(query: Query, first: datetime, last: datetime, by: User) -> int:
    """Kill what waits of the slots of a range. Return how many jobs that were."""
    waiting = Job.objects.filter(query=query, status=Job.Status.QUEUED)
    jobs = waiting.filter(slot__gte=first, slot__lte=last)
    return sum(kill(job, by) == Job.Status.QUEUED for job in jobs)
