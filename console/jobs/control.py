"""What people do to jobs that exist: kill them, see whether anything runs them."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.status import Stat

from console.jobs.log import write
from console.models import Job


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


def cluster_alive() -> bool:
    """Return whether workers are there to run jobs. They report every half second."""
    return any(stat.workers and stat.status != Conf.STOPPING for stat in Stat.get_all())
