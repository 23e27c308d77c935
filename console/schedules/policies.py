"""What a schedule does with slots that were missed, and with one due while a run still goes on."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from console.models import Job, Schedule
from console.schedules.clocks import MINUTE
from console.schedules.times import Times, times_of

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
    times = times_of(schedule)
    last = times.last(schedule.next_slot, until)
    start = chosen(schedule, times, last, until)
    return Due(start, last, max(0, number_until(last, times, schedule.next_slot) - len(start)))


def chosen(schedule, times, last, until):
    if schedule.missed == Schedule.Missed.ALL:
        oldest = max(schedule.next_slot, until - timedelta(hours=schedule.missed_hours))
        found = times.slots(oldest - MINUTE)
        young = takewhile(lambda slot: slot <= until, (slot for slot in found if slot >= oldest))
        return list(deque(young, maxlen=schedule.missed_most))
    if schedule.missed == Schedule.Missed.SKIP and until - last > LATE:
        return []
    return [last]


def number_until(last: datetime, times: Times, first: datetime) -> int:
    """Return how many slots are due, as far as that is counted."""
    between = takewhile(lambda other: other <= last, times.slots(first))
    return 1 + sum(1 for _ in islice(between, COUNTED))


def unfinished(schedules: list[Schedule]) -> dict[int, list[Job]]:
    """Return the jobs of schedules that go on by themselves, by the key of the schedule.

    Slots of the past that somebody runs are not among them: they make no slot that comes skipped.
    """
    found = Job.objects.filter(schedule__in=schedules, held_because="", started_by=None)
    going_on = found.filter(status__in=(Job.Status.QUEUED, Job.Status.RUNNING)).order_by("pk")
    jobs = {schedule.pk: [] for schedule in schedules}
    for job in going_on.only("pk", "schedule"):
        jobs[job.schedule_id].append(job)
    return jobs


def why_not_now(schedule: Schedule, earlier: list[Job]) -> str:
    """Return why a slot is not run while earlier runs go on, or nothing where it is."""
    if schedule.overlap == Schedule.Overlap.SKIP and earlier:
        first = str(earlier[0]) + "," if earlier[0].pk else "The slot before it,"
        return f"{first} an earlier run, was not done when this slot came."
    most = most_waiting(schedule)
    if schedule.overlap == Schedule.Overlap.QUEUE and len(earlier) >= most:
        return f"{most} earlier runs were not done when this slot came."
    return ""


def most_waiting(schedule: Schedule) -> int:
    """Return how many runs may wait: those that were missed leave as much room as ever."""
    runs_all = schedule.missed == Schedule.Missed.ALL
    return MOST_WAITING + (schedule.missed_most if runs_all else 0)
