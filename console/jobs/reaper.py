"""Jobs that lost their worker or their message are given back."""

import re
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from console.jobs.log import write
from console.jobs.submission import wake_worker
from console.models import Job

SPARE_ATTEMPTS = 1  # beyond those allowed, for a worker that died under the job
UNSENT_AFTER = timedelta(seconds=30)

CHANGES = re.compile(
    r"(?:\s|--[^\n]*\n|/\*(?>.*?\*/))*+(?:insert|create|drop)\b", re.IGNORECASE | re.DOTALL
)

LOST = "The worker that ran this job died, and so did the one before."
LOST_REMEDY = "See whether the server has enough memory for this query, then retry the job."
HALF_DONE = (
    "The worker died while the query was changing a table, so it is not run again by itself."
)
HALF_DONE_REMEDY = "Look whether the table has the change; if not, retry the job."


def reap(now=None) -> int:
    """Give back jobs whose worker died, and wake workers for jobs that wait unheard."""
    now = now or timezone.now()
    expired = Job.objects.filter(status=Job.Status.RUNNING, lease_until__lt=now)
    taken = sum(give_back(job, now) for job in expired)
    return taken + sum(send_again(job, now) for job in unheard(now))


def give_back(job, now):
    fields = what_now(job, now)
    with transaction.atomic():
        same = Job.objects.filter(pk=job.pk, worker=job.worker, status=Job.Status.RUNNING)
        same = same.filter(lease_until__lt=now, kill_requested_at=job.kill_requested_at)
        won = same.update(worker="", lease_until=None, **fields)
        if won and fields["status"] == Job.Status.QUEUED:
            wake_worker(job.pk)
            write(job, "The worker that ran this job died. It is run again from the start.")
        elif won:
            write(job, fields.get("error", "The job was killed."))
    return won


def what_now(job, now):
    """Return what becomes of a job whose worker died."""
    if job.kill_requested_at:
        return {"status": Job.Status.KILLED, "ended_at": now}
    failed = {"status": Job.Status.ERROR, "ended_at": now}
    if CHANGES.match(job.sql) and not job.result_path:
        return failed | {"error": HALF_DONE, "remedy": HALF_DONE_REMEDY}
    if job.attempt >= job.attempts_allowed + SPARE_ATTEMPTS:
        return failed | {"error": LOST, "remedy": LOST_REMEDY}
    return {"status": Job.Status.QUEUED, "phase": Job.Phase.QUEUED, "started_at": None}


def unheard(now):
    """Return jobs that could start and have not been announced lately."""
    late = Q(not_before=None, created_at__lt=now - UNSENT_AFTER) | Q(not_before__lte=now)
    fresh = Q(lease_until__gt=now)
    waiting = Job.objects.filter(late, status=Job.Status.QUEUED, held_because="")
    return waiting.exclude(fresh).only("pk")


def send_again(job, now):
    """Send a message, and none for the next while: a job may have more than one, never none."""
    with transaction.atomic():
        won = (
            Job.objects.filter(pk=job.pk, status=Job.Status.QUEUED)
            .exclude(lease_until__gt=now)
            .update(lease_until=now + UNSENT_AFTER)
        )
        if won:
            wake_worker(job.pk)
    return won
