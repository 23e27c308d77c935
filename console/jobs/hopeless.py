"""Schedules whose runs fail again and again are paused, once their owner has been told."""

from django.utils import timezone

from console.jobs.control import skip_waiting
from console.models import Job, Schedule
from console.notifications import tell_pause

IN_A_ROW = 3  # runs that fail until somebody changes something
PAUSED = "The schedule was paused before this ran, because earlier runs went on failing."
OF_THE_LAST, RUNS = 10, 50  # runs that fail, however, but for what may pass by itself


def pause_hopeless(job: Job) -> bool:
    """Pause the schedule of a job that has just failed, where that goes on. Return whether."""
    if not job.schedule_id or job.failure not in (Job.Failure.LASTING, Job.Failure.FAULT):
        return False
    why = reason(job)
    if not why:
        return False
    running = Schedule.objects.filter(pk=job.schedule_id, paused_at=None)
    if not running.update(paused_at=timezone.now(), paused_because=f"{why} {job.error}"):
        return False
    skip_waiting(job.schedule, PAUSED)
    job.schedule.refresh_from_db()
    tell_pause(job, why)
    return True


def reason(job):
    """Return why its schedule is to be paused, or nothing."""
    ended = Job.objects.filter(schedule=job.schedule_id, status__in=Job.RAN, pk__lte=job.pk)
    failures = list(
        since_change(ended, job).order_by("-pk").values_list("failure", flat=True)[:RUNS]
    )
    lasting = [Job.Failure.LASTING] * IN_A_ROW
    if failures[:IN_A_ROW] == lasting:
        return f"The last {IN_A_ROW} runs failed, and would again until something is changed."
    failed = sum(failure in (Job.Failure.LASTING, Job.Failure.FAULT) for failure in failures)
    if failed >= OF_THE_LAST:
        return f"{failed} of the last {len(failures)} runs failed."
    return ""


def since_change(runs, job):
    """Return the runs since the schedule was resumed: what was before has been looked at."""
    resumed = job.schedule.resumed_at
    return runs.filter(started_at__gt=resumed) if resumed else runs
