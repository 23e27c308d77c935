"""What a clock that was ahead has done to schedules: their next slots are far away."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q

from console.models import DueSlot, Job, Schedule
from console.schedules.cron import CronError
from console.schedules.keeping import check_zone
from console.schedules.times import times_of

logger = logging.getLogger(__name__)


@transaction.atomic
def set_back(since: datetime) -> int:
    """Let schedules go on with their first slot since the clock is right. Return how many did.

    A slot that ran early has its job and gets no other; one that was only skipped then is yet to
    come. No next slot comes after the first from now unless a clock was ahead.
    """
    later = Q(next_slot__gt=since) | Q(next_slot=None)
    found = list(Schedule.objects.select_for_update(of=("self",)).filter(later, trigger=None))
    started = latest_slots(since)
    forget_skipped(since)
    moved = [each for each in found if is_sooner(each, since, started.get(each.pk))]
    Schedule.objects.bulk_update(moved, ["next_slot"])
    Schedule.objects.filter(resumed_at__gt=since).update(resumed_at=since)
    start_no_later(since)
    return len(moved)


def forget_skipped(since: datetime) -> None:
    """Delete the rows of slots that were skipped ahead of their time, where nothing came of them.

    One that runs after something else gets no other: its upstream has its job.
    """
    skipped = Job.objects.filter(status=Job.Status.SKIPPED, slot__gt=since, created_at__gt=since)
    ours = skipped.filter(schedule__isnull=False, schedule__trigger=None, started_by=None)
    keys = list(ours.filter(attempt=0, retries=None).values_list("pk", flat=True))
    Job.objects.filter(pk__in=keys).delete()


def latest_slots(since: datetime) -> dict[int, datetime]:
    """Return the latest slot that has a job of each schedule, as far back as delays go."""
    longest = Schedule.objects.aggregate(Max("delay"))["delay__max"] or 0
    jobs = Job.objects.filter(schedule__isnull=False, slot__gt=since - timedelta(seconds=longest))
    return dict(jobs.order_by().values_list("schedule").annotate(Max("slot")))


def is_sooner(schedule: Schedule, since: datetime, started: datetime | None) -> bool:
    """Give a schedule its first slot since then. Return whether that is another one.

    One that has run ahead may have left out slots that were waiting for their delay. What was
    before it was made or resumed stays out.
    """
    delay, after = timedelta(seconds=schedule.delay), since
    if started and started + delay > since:
        after -= delay
    begun = schedule.resumed_at or schedule.created_at
    if begun <= since:
        after = max(after, begun)
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


def start_no_later(since: datetime) -> None:
    """Let what waits after the end of another run wait for no longer than its delay."""
    waiting = DueSlot.objects.filter(starts_at__gt=since).select_related("schedule")
    late = [due for due in waiting if due.starts_at > since + delay_of(due)]
    for due in late:
        due.starts_at = since + delay_of(due)
    DueSlot.objects.bulk_update(late, ["starts_at"])


def delay_of(due):
    return timedelta(seconds=due.schedule.delay)
