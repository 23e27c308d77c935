"""What a clock that was ahead has done to schedules: their next slots are far away."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from console.models import DueSlot, Job, Schedule
from console.schedules.cron import CronError
from console.schedules.keeping import check_zone
from console.schedules.times import times_of

logger = logging.getLogger(__name__)


@transaction.atomic
def set_back(now: datetime) -> int:
    """Let schedules go on with the first slot from now. Return how many would have waited longer.

    A slot that ran early has its job and gets no other; one that was only skipped then is yet to
    come. No next slot comes after the first from now unless a clock was ahead.
    """
    early = Job.objects.filter(schedule__isnull=False, slot__gt=now)
    ran = set(early.values_list("schedule", flat=True))
    early.filter(status=Job.Status.SKIPPED, started_by=None).delete()
    later = Q(next_slot__gt=now) | Q(next_slot=None)
    found = Schedule.objects.select_for_update(of=("self",)).filter(later, trigger=None)
    moved = [each for each in found if is_sooner(each, now, delayed=each.pk in ran)]
    Schedule.objects.bulk_update(moved, ["next_slot"])
    Schedule.objects.filter(resumed_at__gt=now).update(resumed_at=now)
    start_no_later(now)
    return len(moved)


def is_sooner(schedule: Schedule, now: datetime, *, delayed: bool) -> bool:
    """Give a schedule its first slot from now. Return whether that is another one.

    One that has run ahead may have left out slots that were waiting for their delay.
    """
    after = now - timedelta(seconds=schedule.delay) if delayed else now
    try:
        check_zone(schedule.timezone)
        first = times_of(schedule).next(after)
    except CronError as error:
        logger.warning("Schedule %s stays as it is: %s", schedule.pk, error)
        return False
    sooner = first is not None and (schedule.next_slot is None or first < schedule.next_slot)
    if sooner:
        schedule.next_slot = first
    return sooner


def start_no_later(now: datetime) -> None:
    """Let what waits after the end of another run wait for no longer than its delay."""
    waiting = DueSlot.objects.filter(starts_at__gt=now).select_related("schedule")
    late = [due for due in waiting if due.starts_at > now + delay_of(due)]
    for due in late:
        due.starts_at = now + delay_of(due)
    DueSlot.objects.bulk_update(late, ["starts_at"])


def delay_of(due):
    return timedelta(seconds=due.schedule.delay)
