"""Waiting for a job, with its log on the screen as it goes."""

import time

from django.conf import settings

from console import jobs
from console.models import Job
from console.td.errors import Refused, Waited

EVERY = 0.3  # seconds
UNHEARD_AFTER = 10  # seconds in which a queued job should have found a worker

NO_WORKERS = (
    "No worker is running, so the job would never start. Start them with\n"
    "  python3 manage.py cluster\n"
    "or add --here to run the job in this process."
)


def check_workers():
    if not jobs.cluster_alive():
        raise Refused(NO_WORKERS)


def wait(job: Job, out, seconds: int | None = None) -> None:
    """Wait until the job has ended, for some seconds at most, and print its log."""
    printed, began = 0, time.monotonic()
    while True:
        job.refresh_from_db()
        printed = print_lines(job, out, printed)
        if job.finished:
            return
        if job.held:
            page = f"{settings.PUBLIC_URL}{job.get_absolute_url()}"
            raise Waited(f"Job {job.pk} waits until somebody releases it: {page}")
        waited = time.monotonic() - began
        if seconds is not None and waited > seconds:
            raise Waited(f"Job {job.pk} has not ended after {seconds} seconds. It goes on.")
        if job.status == Job.Status.QUEUED and waited > UNHEARD_AFTER and not jobs.cluster_alive():
            raise Waited(f"Job {job.pk} is queued still, and no worker is running any more.")
        time.sleep(EVERY)


def print_lines(job, out, printed):
    """Print the lines of the log after `printed`. Return the last that was printed."""
    for line in job.lines.filter(pk__gt=printed):
        out.write(f"  {line.at:%H:%M:%S} {line.text}\n")
        printed = line.pk
    out.flush()
    return printed
