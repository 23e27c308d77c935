"""The tick: every due slot becomes one job, however many ticks run at the same time."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from console.jobs.log import write
from console.jobs.submission import as_skipped, new_job, submit_all
from console.models import Job, Pulse, Schedule
from console.schedules.cron import CronError
from console.schedules.following import start_followers
from console.schedules.keeping import check_zone
from console.schedules.policies import due_slots, unfinished, why_not_now
from console.schedules.times import times_of

logger = logging.getLogger(__name__)
AT_ONCE = 200  # schedules in one transaction, while which SQLite lets nobody else write
SKIPPED = Job.Status.SKIPPED
SLOTS, NOTED_EVERY = "slots", timedelta(seconds=30)


def tick(now: datetime | None = None) -> int:
    """Start the jobs of all due slots. Return how many were started."""
    now = now or timezone.now()
    keys = due(now)
    batches = (keys[first : first + AT_ONCE] for first in range(0, len(keys), AT_ONCE))
    return sum(fire_safely(batch, now) for batch in batches) + start_followers(now)


def due(now):
    """Return the schedules whose slot, delayed as they ask, has come."""
    slots = Schedule.objects.filter(next_slot__lte=now, paused_at=None, query__isnull=False)
    rows = slots.order_by("next_slot").values_list("pk", "next_slot", "delay")
    return [pk for pk, slot, delay in rows if slot + timedelta(seconds=delay) <= now]


def fire_safely(keys, now):
    """Start what schedules have due. Trouble with one is its own: the others go on."""
    try:
        return fire(keys, now)
    except CronError as error:
        if len(keys) == 1:
            why = f"The schedule cannot be read. {error}"
            Schedule.objects.filter(pk__in=keys).update(paused_at=now, paused_because=why)
            return 0
    except Exception:
        if len(keys) == 1:
            logger.exception("Schedule %s could not be started.", *keys)
            return 0
    half = len(keys) // 2
    return fire_safely(keys[:half], now) + fire_safely(keys[half:], now)


def fire(keys, now):
    """Claim the due slots, make their jobs and move on to the next slots, in one transaction."""
    with transaction.atomic():
        schedules = locked(keys, now)
        earlier = unfinished(schedules)
        plans = [planned(schedule, now, earlier[schedule.pk]) for schedule in schedules]
        jobs = without_job([job for plan in plans for job in plan.jobs], schedules)
        submit_all(jobs)
        for plan in plans:
            if plan.line and plan.jobs[0].pk:
                write(plan.jobs[0], plan.line)
        Schedule.objects.bulk_update(schedules, ["next_slot"])
        note(now)
    return sum(job.status == Job.Status.QUEUED for job in jobs)


def note(now):
    """Keep the latest time at which slots were started by any clock, to half a minute."""
    kept = Pulse.objects.filter(name=SLOTS)
    if not kept.filter(at__gt=now - NOTED_EVERY).exists():
        kept.update(at=now) or Pulse.objects.get_or_create(name=SLOTS, defaults={"at": now})


def locked(keys, now):
    """Return the schedules whose slots are still to be started; other ticks wait or pass by."""
    due = Schedule.objects.select_for_update(skip_locked=True, of=("self",))
    whole = due.select_related("query__database", "query__owner", "query__authentication")
    found = whole.filter(pk__in=keys, next_slot__lte=now, paused_at=None).order_by("next_slot")
    return [each for each in found if each.next_slot + timedelta(seconds=each.delay) <= now]


def without_job(jobs, schedules):
    """Return the jobs whose slots have none yet."""
    slots = {job.slot for job in jobs}
    taken = Job.objects.filter(schedule__in=schedules, slot__in=slots)
    taken = set(taken.values_list("schedule", "slot"))
    return [job for job in jobs if (job.schedule_id, job.slot) not in taken]


@dataclass(frozen=True)
class Plan:
    """What one schedule has due: new jobs, in the order of their slots."""

    jobs: list[Job]
    line: str = ""  # for the log of the first


def planned(schedule, now, earlier):
    """Return what a schedule has due, and move on to its next slot."""
    check_zone(schedule.timezone)
    due = due_slots(schedule, now - timedelta(seconds=schedule.delay))
    schedule.next_slot = times_of(schedule).next(due.last)
    if not due.start:
        return Plan([skipped(schedule, due.last, missed(due))])
    why = why_not_now(schedule, earlier)  # Slots that come at once skip none of each other.
    jobs = [new_job(schedule.query, schedule=schedule, slot=slot) for slot in due.start]
    jobs = [as_skipped(job, why) for job in jobs] if why else jobs
    return Plan(jobs, left_out(due) if due.left_out and jobs[0].status != SKIPPED else "")


def skipped(schedule, slot, why):
    return as_skipped(new_job(schedule.query, schedule=schedule, slot=slot), why)


def left_out(due):
    which = "the latest slot" if due.start == [due.last] else "the first of the latest slots"
    return f"This is {which}; {due.number_left_out} before it were missed and are not run."


def missed(due):
    if due.left_out == 1:
        return "Nothing ran this slot when it was due; the schedule skips what it missed."
    number = due.number_left_out
    return f"Nothing ran the {number} slots up to this one; the schedule skips what it missed."
