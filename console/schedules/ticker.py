"""The tick: every due slot becomes one job, however many ticks run at the same time."""

import logging
from datetime import datetime, timedelta
from itertools import islice, takewhile

from django.db import IntegrityError, transaction
from django.utils import timezone

from console.jobs import submit_query
from console.jobs.log import write
from console.models import Schedule
from console.schedules.cron import CronError, parse
from console.schedules.keeping import check_zone
from console.schedules.slots import last_slot, next_slot, slots

logger = logging.getLogger(__name__)
COUNTED = 1000  # missed slots, beyond which their number does not matter


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
        cron, until = parse(schedule.cron), now - timedelta(seconds=schedule.delay)
        slot = last_slot(cron, schedule.timezone, schedule.next_slot, until)
        missed = missed_before(slot, cron, schedule)
        started = start(schedule, slot, missed)
        schedule.next_slot = next_slot(cron, schedule.timezone, slot)
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


def missed_before(slot, cron, schedule):
    """Return how many slots come before the one that is run."""
    first = schedule.next_slot
    if slot == first:
        return 0
    between = takewhile(lambda other: other < slot, slots(cron, schedule.timezone, first))
    return 1 + sum(1 for _ in islice(between, COUNTED))


def start(schedule, slot, missed):
    try:
        with transaction.atomic():
            job = submit_query(schedule.query, schedule=schedule, slot=slot)
    except IntegrityError:  # The slot has its job.
        return 0
    if missed:
        number = f"{missed:,}" if missed < COUNTED else f"more than {COUNTED:,}"
        write(job, f"This is the latest slot; {number} before it were missed and are not run.")
    return 1
