"""What people do to jobs that exist: kill them, see whether anything runs them."""

import logging

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.status import Stat

from console.cache import CacheAway
from console.jobs.log import write
from console.models import Job, JobLine, Schedule

logger = logging.getLogger(__name__)


def kill(job: Job, by: User) -> str:
    """End a job: at once where it waits, within seconds where it runs. Return what it was."""
    now = timezone.now()
    asked = {"kill_requested_at": now, "kill_requested_by": by}
    mine = Job.objects.filter(pk=job.pk)
    with transaction.atomic():
        former = mine.select_for_update().values_list("status", flat=True).get()
        if former == Job.Status.QUEUED:
            mine.update(status=Job.Status.KILLED, ended_at=now, not_before=None, **asked)
            write(job, f"Killed by {by.username} before it started.")
        elif former == Job.Status.RUNNING and mine.filter(kill_requested_at=None).update(**asked):
            write(job, f"{by.username} asked for the job to be killed.")
    job.refresh_from_db()
    return str(former)


def skip_waiting(schedule: Schedule, why: str) -> int:
    """Let the jobs of a schedule that no worker has begun not be run. Return how many.

    What waits for its next attempt goes on, as what runs does: some of its rows may be there. A
    result that is held for a person stays: it was made, and somebody decides about it, or has.
    """
    waiting = Job.objects.filter(schedule=schedule, status=Job.Status.QUEUED, held_because="")
    waiting = waiting.filter(attempt=0, sent_bytes=0, released_by=None)
    with transaction.atomic():
        keys = list(waiting.select_for_update().values_list("pk", flat=True))
        fields = {"status": Job.Status.SKIPPED, "ended_at": timezone.now(), "not_before": None}
        waiting.filter(pk__in=keys).update(error=why, **fields)
        JobLine.objects.bulk_create([JobLine(job_id=key, text=why) for key in keys])
    return len(keys)


def cluster_alive() -> bool:
    """Return whether workers are there to run jobs, and say so."""
    return workers_alive() > 0


def workers_alive() -> int:
    """Return how many workers are there and say so. They report every half second."""
    try:
        found = Stat.get_all()
    except CacheAway as away:
        logger.warning("Whether workers run cannot be told. %s", away)
        return 0
    return sum(len(stat.workers) for stat in found if stat.status != Conf.STOPPING)
