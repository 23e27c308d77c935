"""What a schedule does with slots that were missed, and with one due while a run still goes on."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from console.models import Job, Schedule
from console.schedules.cron import Cron, parse
from console.schedules.slots import MINUTE, last_slot, slots

LATE = timedelta(minutes=10)  # from which on a slot was missed
COUNTED = 1000  # missed slots, beyond which their number does not matter
MOST_WAITING = 20  # runs of one schedule, so that one that is too slow does not pile up jobs


@dataclass(frozen=True)
class Due:
    """The slots that have come: those to start, the last of all, and how many are left out."""

    start: list[datetime]
    last: datetime
    left_out: int

    @property
    def number_left_out(self) -> str:
        return f"{self.left_out:,}" if self.left_out < COUNTED else f"more than {COUNTED:,}"


def due_slots(schedule: Schedule, until: datetime) -> Due:
    """Return what is due, from the schedule's next slot to a time that is not before it."""
    cron = parse(schedule.cron)
    last = last_slot(cron, schedule.timezone, schedule.next_slot, until)
    start = chosen(schedule, cron, last, until)
    return Due(start, last, max(0, number_until(last, cron, schedule) - len(start)))


def chosen(schedule, cron, last, until):
    if schedule.missed == Schedule.Missed.ALL:
        oldest = max(schedule.next_slot, until - timedelta(hours=schedule.missed_hours))
        found = slots(cron, schedule.timezone, oldest - MINUTE)
        young = takewhile(lambda slot: slot <= until, (slot for slot in found if slot >= oldest))
        return list(deque(young, maxlen=schedule.missed_most))
    if schedule.missed == Schedule.Missed.SKIP and until - last > LATE:
        return []
    return [last]


def number_until(last: datetime, cron: Cron, schedule: Schedule) -> int:
    """Return how many slots are due, as far as that is counted."""
    first = schedule.next_slot
    between = takewhile(lambda other: other <= last, slots(cron, schedule.timezone, first))
    return 1 + sum(1 for _ in islice(between, COUNTED))


def why_not_now(schedule: Schedule) -> str:
    """Return why a slot is not run while earlier runs go on, or nothing where it is."""
    if schedule.overlap == Schedule.Overlap.ALLOW:
        return ""
    unfinished = Job.objects.filter(schedule=schedule).exclude(status__in=Job.FINISHED)
    going_on = unfinished.filter(held_because="")
    if schedule.overlap == Schedule.Overlap.SKIP:
        earlier = going_on.order_by("pk").first()
        return f"{earlier}, an earlier run, was not done when this slot came." if earlier else ""
    if going_on.count() < MOST_WAITING:
        return ""
    return f"{MOST_WAITING} earlier runs were not done when this slot came."
