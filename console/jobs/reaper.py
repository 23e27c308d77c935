"""Jobs that lost their worker or their message are given back."""

import logging

from django.db import transaction
from django.db.models.functions import Now
from django_q.brokers import get_broker

from console.jobs.carrying import of_the_dead, record
from console.jobs.clock import shorten
from console.jobs.ending import follow
from console.jobs.lease import ready
from console.jobs.log import write
from console.jobs.rerun import HALF_DONE_REMEDY, changes_a_table, used_up
from console.jobs.submission import wake_worker
from console.models import Job

logger = logging.getLogger(__name__)

SENT_AT_ONCE = 500  # messages, so that the slots that come due meanwhile are not late

LOST = "The worker that ran this job died, and so did the one before."
LOST_REMEDY = "See whether the server has enough memory for this query, then retry the job."
HALF_DONE = (
    "The worker died while the query was changing a table, so it is not run again by itself."
)


def reap(now=None) -> int:
    """Give back jobs whose worker died, and wake workers for jobs that wait unheard.

    The clock is that of the database: those of the machines can differ.
    """
    return give_back_lost(now) + send_missing(now)


def give_back_lost(now=None) -> int:
    """Give back jobs whose worker died. What they may have sent can take long to write down."""
    now = now or Now()
    shorten(now)
    expired = Job.objects.filter(status=Job.Status.RUNNING, lease_until__lt=now)
    return sum(tried(job, now) for job in expired)


def tried(job, now):
    """Give a job back. Trouble with it must not keep the others where they are."""
    try:
        return give_back(job, now)
    except Exception:
        logger.exception("Job %s, whose worker died, could not be given back.", job.pk)
        return 0


def give_back(job, now):
    fields, delivery = what_now(job, now), of_the_dead(job)
    with transaction.atomic():
        same = Job.objects.filter(pk=job.pk, worker=job.worker, status=Job.Status.RUNNING)
        same = same.filter(lease_until__lt=now, kill_requested_at=job.kill_requested_at)
        won = same.update(worker="", lease_until=None, **fields)
        if won and delivery:
            record(delivery)
        if won and fields["status"] == Job.Status.QUEUED:
            wake_worker(job.pk)
            write(job, "The worker that ran this job died. It is run again from the start.")
        elif won:
            write(job, fields.get("error", "The job was killed."))
            follow(job.pk)
    return won


def what_now(job, now):
    """Return what becomes of a job whose worker died."""
    if job.kill_requested_at:
        return {"status": Job.Status.KILLED, "ended_at": now}
    failed = {"status": Job.Status.ERROR, "ended_at": now, "failure": Job.Failure.FAULT}
    if changes_a_table(job) and not job.result_path:
        return failed | {"error": HALF_DONE, "remedy": HALF_DONE_REMEDY}
    if used_up(job):
        return failed | {"error": LOST, "remedy": LOST_REMEDY}
    return {"status": Job.Status.QUEUED, "phase": Job.Phase.QUEUED, "started_at": None}


def send_missing(now=None) -> int:
    """Send messages until each job that could start has one. Any message is a turn of any job."""
    missing = ready(now).count() - get_broker().queue_size()
    unheard = ready(now).values_list("pk", flat=True)[: min(max(missing, 0), SENT_AT_ONCE)]
    for pk in list(unheard):
        wake_worker(pk)
    return len(unheard)
