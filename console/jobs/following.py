"""What runs after a job: its success makes the slot due for schedules that follow its query."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from console.jobs.retrying import first_of
from console.models import DueSlot, Job, Schedule


def make_due(job: Job) -> None:
    """Make the slot of a job that succeeded due for all that runs after it, once each.

    To be called in the transaction that ends the job: neither is there without the other.
    """
    if job.status != Job.Status.SUCCESS or job.resend_of_id:  # Rejects alone are no run of a slot.
        return
    slot, now = slot_handed_on(job), timezone.now()
    DueSlot.objects.bulk_create(
        [
            DueSlot(schedule=each, slot=slot, starts_at=now + delay(each), because=job)
            for each in followers(job)
            if not has_run(each, slot)
        ],
        ignore_conflicts=True,
    )


def slot_handed_on(job):
    """Return the slot of a job; of one that a person started, the time it was made."""
    return job.slot or first_of(job).created_at


def followers(job) -> list[Schedule]:
    """Return the schedules that the job is to start; none of them is deleted meanwhile."""
    after = after_job(job)
    if job.slot is None:  # Where a schedule's run is done again, the slot stays.
        after &= Q(trigger__by_hand=True) if is_whole(job) else Q(pk=None)
    found = Schedule.objects.select_for_update(of=("self",)).filter(after, paused_at=None)
    return list(found.filter(query__isnull=False).select_related("query").order_by("pk"))


def after_job(job):
    """Return the schedules whose upstream the job is a run of. One condition for each kind."""
    return Q(trigger__query__isnull=False, trigger__query=job.query_id)


def is_whole(job):
    """Return whether a run by hand did what the saved query does, and was not only a look."""
    if job.query is None or job.query_version is None:
        return False
    return job.export is not None or job.query.export is None


def has_run(schedule, slot):
    return Job.objects.filter(query=schedule.query, slot=slot).exists()


def delay(schedule):
    return timedelta(seconds=schedule.delay)
