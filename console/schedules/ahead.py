"""What a clock that was ahead has done to schedules: their next slots are far away."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from console.models import DueSlot, Schedule
from console.schedules.cron import CronError
from console.schedules.times import times_of


@transaction.atomic
def set_back(now: datetime) -> int:
    """Let schedules go on with the first slot from now. Return how many would have waited longer.

    A slot that ran early has its job and gets no other. No next slot comes after the first from
    now unless a clock was ahead, so this moves nothing else.
    """
    later = Q(next_slot__gt=now) | Q(next_slot=None)
    found = Schedule.objects.select_for_update().filter(later, trigger=None)
    moved = [schedule for schedule in found if is_sooner(schedule, now)]
    Schedule.objects.bulk_update(moved, ["next_slot"])
    Schedule.objects.filter(resumed_at__gt=now).update(resumed_at=now)
    start_no_later(now)
    return len(moved)


def is_sooner(schedule, now):
    """Give a schedule its first slot from now. Return whether that is another one."""
    try:
        first = times_of(schedule).next(now)
    except CronError:  # It says so when somebody looks at it, and pauses by itself.
        return False
    sooner = first is not None and (schedule.next_slot is None or first < schedule.next_slot)
    if sooner:
        schedule.next_slot = first
    return sooner


def start_no_later(now):
    """Let what waits after the end of another run wait for no longer than its delay."""
    waiting = DueSlot.objects.filter(starts_at__gt=now).select_related("schedule")
    late = [due for due in waiting if due.starts_at > now + delay_of(due)]
    for due in late:
        due.starts_at = now + delay_of(due)
    DueSlot.objects.bulk_update(late, ["starts_at"])


def delay_of(due):
    return timedelta(seconds=due.schedule.delay)
