"""Runs after other runs: the tick makes jobs of the slots that the ends of jobs made due."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from console.jobs.log import write
from console.jobs.submission import as_skipped, new_job, submit_all
from console.models import DueSlot, Job, Query, Schedule
from console.notifications import tell_stop
from console.schedules.chains import followers, may_follow, named
from console.schedules.policies import LATE, unfinished, why_not_now

logger = logging.getLogger(__name__)
SOONER = "Starts now, as the delay of the schedule was made shorter."
MISSED = "Nothing ran this slot when it was due; the schedule skips what it missed."


def start_followers(now: datetime) -> int:
    """Start the jobs of slots that are due after other runs. Return how many were started."""
    due = DueSlot.objects.filter(starts_at__lte=now, schedule__paused_at=None).order_by("schedule")
    keys = due.values_list("schedule", flat=True).distinct()
    return sum(start_safely(key, now) for key in list(keys))


def start_safely(key, now):
    """Start what one schedule has due. Its trouble is its own: the others go on."""
    try:
        return start(key, now)
    except Exception:
        logger.exception("Schedule %s could not be started after another run.", key)
        return 0


def start(key, now):
    """Claim the due slots of a schedule and make their jobs, in one transaction."""
    with transaction.atomic():
        schedule = locked(key)
        due = list(due_of(schedule, now)) if schedule else []
        if not due:
            return 0
        DueSlot.objects.filter(pk__in=[each.pk for each in due]).delete()
        if why := why_broken(schedule):
            stop(schedule.query, why, now)
            return 0
        jobs = planned(schedule, due, now)
        submit_all([job for job, _ in jobs])
        for job, line in jobs:
            write(job, line)
    return sum(job.status == Job.Status.QUEUED for job, _ in jobs)


def locked(key):
    """Return the schedule, or None where another tick has it or it does not start any more."""
    found = Schedule.objects.select_for_update(skip_locked=True, of=("self",))
    whole = found.select_related("query__database", "query__owner", "query__authentication")
    return whole.filter(pk=key, paused_at=None, query__isnull=False).first()


def due_of(schedule, now):
    """Return what is due, in the order of the slots, but for slots that have run since."""
    taken = Job.objects.filter(query=schedule.query).exclude(slot=None).values("slot")
    DueSlot.objects.filter(schedule=schedule, slot__in=taken).delete()
    found = DueSlot.objects.filter(schedule=schedule, starts_at__lte=now)
    return found.select_related("because__started_by").order_by("slot")


def why_broken(schedule: Schedule) -> str:
    """Return why a schedule cannot run after its upstream any more, or nothing."""
    trigger = schedule.follows
    if trigger is None:
        return ""
    if trigger.query is None:
        return "The query that it ran after was deleted. Choose another one."
    if not may_follow(schedule.query.owner, trigger.query):
        owner = schedule.query.owner.get_username()
        return f"{owner} may not see the query that it runs after any more. Choose another one."
    return ""


@dataclass(frozen=True)
class Chosen:
    """What is started of the slots that are due, and how many late ones stand for others."""

    start: list[DueSlot]
    skip: list[DueSlot]
    left_out: int


def chosen(schedule: Schedule, due: list[DueSlot], now: datetime) -> Chosen:
    """Choose as the schedule asks. Only what is late was missed: the rest is run, all of it."""
    late = [each for each in due if is_late(each, now)]
    fresh = [each for each in due if each not in late]
    if schedule.missed == Schedule.Missed.SKIP:
        return Chosen(fresh, late, 0)
    kept = late[-1:]
    if schedule.missed == Schedule.Missed.ALL:
        oldest = now - timedelta(hours=schedule.missed_hours)
        kept = [each for each in late if each.starts_at >= oldest][-schedule.missed_most :]
    start = sorted([*kept, *fresh], key=lambda each: each.slot)
    return Chosen(start, [], len(late) - len(kept))


def is_late(due, now):
    return now - due.starts_at > LATE


def planned(schedule, due, now):
    """Return the jobs of what is due, each with the first line of its log.

    What is run as it was missed, or as somebody asked for it, makes no other slot skipped.
    """
    after_runs = schedule.follows is not None
    found = chosen(schedule, due, now)
    jobs = [
        (as_skipped(job_of(schedule, each), MISSED), reason(schedule, each)) for each in found.skip
    ]
    earlier = unfinished([schedule])[schedule.pk]
    for each in found.start:
        job = job_of(schedule, each)
        why = "" if job.started_by else why_not_now(schedule, earlier)
        jobs.append((as_skipped(job, why) if why else job, reason(schedule, each)))
        counts = after_runs and not (why or job.started_by or is_late(each, now))
        earlier = [*earlier, job] if counts else earlier
    if found.left_out and jobs:
        job, line = jobs[0]
        jobs[0] = job, f"{line} {found.left_out} earlier slots were missed and are not run."
    return jobs


def job_of(schedule, due):
    """Return a new job. Whoever ran the slot of the other query afterwards runs this one too."""
    afterwards = due.because and due.because.slot and due.because.started_by
    return new_job(schedule.query, schedule=schedule, slot=due.slot, by=afterwards or None)


def reason(schedule, due):
    job = due.because
    if not (job or schedule.follows):
        return SOONER
    return f"Runs after job {job.pk} of {named(job)}, which succeeded." if job else "Runs after."


def stop(query: Query, why: str, now: datetime) -> None:
    """Pause the schedule of a query that cannot run after its upstream, and tell its owner."""
    running = Schedule.objects.filter(pk=query.schedule_id, paused_at=None)
    if running.update(paused_at=now, paused_because=why):
        tell_stop(query, why)


def stop_followers(query: Query, now: datetime) -> None:
    """Pause what runs after a query that is about to be deleted. Their owners are told."""
    why = f"The query that it ran after, {named(query)}, was deleted. Choose another one."
    for each in followers(query):
        stop(each, why, now)
