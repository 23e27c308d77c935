"""The tick: every due slot becomes one job, however many ticks run at the same time."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from console.jobs import skip_query, submit_query
from console.jobs.log import write
from console.models import Schedule
from console.schedules.cron import CronError
from console.schedules.keeping import check_zone
from console.schedules.policies import due_slots, why_not_now
from console.schedules.slots import next_slot

logger = logging.getLogger(__name__)


def tick(now: datetime | None = None) -> int:
    """Start the jobs of all due slots. Return how many were started."""
    now = now or timezone.now()
    return sum(fire_safely(pk, now) for pk in due(now))


def due(now):
    """Return the schedules whose slot, delayed as they ask, has come."""
    slots = Schedule.objects.filter(next_slot__lte=now, paused_at=None, query__isnull=False)
    rows = slots.order_by("next_slot").values_list("pk", "next_slot", "delay")
    return [pk for pk, slot, delay in rows if slot + timedelta(seconds=delay) <= now]


def fire_safely(pk, now):
    """Start what one schedule has due. Its trouble is its own: the others go on."""
    try:
        return fire(pk, now)
    except CronError as error:
        why = f"The schedule cannot be read. {error}"
        Schedule.objects.filter(pk=pk).update(paused_at=now, paused_because=why)
    except Exception:
        logger.exception("Schedule %s could not be started.", pk)
    return 0


def fire(pk, now):
    """Claim the due slot, make its job and move on to the next slot, in one transaction."""
    with transaction.atomic():
        schedule = locked(pk, now)
        if schedule is None:
            return 0
        check_zone(schedule.timezone)
        due = due_slots(schedule, now - timedelta(seconds=schedule.delay))
        started = start(schedule, due)
        schedule.next_slot = next_slot(schedule.cron, schedule.timezone, due.last)
        schedule.save(update_fields=["next_slot"])
    return started


def locked(pk, now):
    """Return the schedule if its slot is still to be started; other ticks wait or pass by."""
    due = Schedule.objects.select_for_update(skip_locked=True, of=("self",))
    whole = due.select_related("query__database", "query__owner", "query__authentication")
    schedule = whole.filter(pk=pk, next_slot__lte=now, paused_at=None).first()
    if schedule and schedule.next_slot + timedelta(seconds=schedule.delay) <= now:
        return schedule
    return None


def start(schedule, due):
    """Make the jobs of what is due. Return how many there are to run."""
    if not due.start:
        skip(schedule, due.last, missed(due))
        return 0
    return sum(start_slot(schedule, slot, due) for slot in due.start)


def start_slot(schedule, slot, due):
    if why := why_not_now(schedule):
        skip(schedule, slot, why)
        return 0
    try:
        with transaction.atomic():
            job = submit_query(schedule.query, schedule=schedule, slot=slot)
    except IntegrityError:  # The slot has its job.
        return 0
    if due.left_out and slot == due.start[0]:
        which = "the latest slot" if slot == due.last else "the first of the latest slots"
        write(job, f"This is {which}; {due.number_left_out} before it were missed and are not run.")
    return 1


def skip(schedule, slot, why):
    with suppress(IntegrityError), transaction.atomic():  # The slot may have its job.
        skip_query(schedule.query, schedule, slot, why)


def missed(due):
    if due.left_out == 1:
        return "Nothing ran this slot when it was due; the schedule skips what it missed."
    number = due.number_left_out
    return f"Nothing ran the {number} slots up to this one; the schedule skips what it missed."
