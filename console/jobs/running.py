"""What a worker does with a job: claim it, query, export, and write down what came of it."""

import logging

from django.db import connection
from django_q.brokers import get_broker

from console import logs
from console.jobs.changes.comparing import TooLate, compare_job
from console.jobs.choosing import next_job
from console.jobs.delivering import deliver
from console.jobs.ending import fail, hold, skip, stop, succeed, wait_for_place
from console.jobs.holding import Held, check_volume
from console.jobs.lease import Lease, claim, ready
from console.jobs.log import secret_texts, write
from console.jobs.places import NoPlace
from console.jobs.querying import query
from console.jobs.results import check_rejects
from console.jobs.rights import check_rights
from console.jobs.shares import share_of
from console.jobs.stopping import is_stopping
from console.jobs.submission import wake_worker
from console.models import Job
from console.outages import OUTAGES
from integrations.errors import Stopped

logger = logging.getLogger(__name__)

TRIED = 50  # jobs that other workers may take first, before a turn is given up
ENOUGH = 20  # messages that wait: the dispatcher sees whether there are more jobs


def run(job_id: int) -> bool:
    """Run a queued job to its end. Return whether it was this worker's to run."""
    job = claim(job_id)
    if job is None:
        return False
    attempt(job)
    wake_next()
    return True


def attempt(job):
    """Do the job, and write down what came of it."""
    with logs.about(job.pk), Lease(job) as lease:
        try:
            receipt = work(job, lease)
        except Held as held:
            hold(lease, str(held))
        except TooLate as late:
            skip(lease, str(late))
        except NoPlace:
            wait_for_place(lease)
        except Stopped:
            stop(lease)
        except Exception as error:  # noqa: BLE001 - it is written to the job, for a person.
            fail(lease, error)
        except BaseException as error:  # The queue's own time limit, or the end of the process.
            fail(lease, error)
            raise
        else:
            succeed(lease, receipt)


def wake_next() -> None:
    """Tell a worker where more jobs can start than there are messages: one waited for its turn.

    The dispatcher looks too; but this one is not late.
    """
    try:
        messages = get_broker().queue_size()
        could_start = list(ready().values_list("pk", flat=True)[: min(messages, ENOUGH) + 1])
        if messages < len(could_start):
            wake_worker(could_start[-1])
    except OUTAGES:
        connection.close()


def take_turn(job_id: int) -> bool:
    """Run the next job that can start. Each message is one turn, whichever job it is of.

    Workers that end begin none: it would be cut off. The dispatcher sends a message anew.
    """
    if is_stopping():
        return False
    for _ in range(TRIED):
        first = next_job()
        if first is None or run(first):
            return first is not None
    return False


def work(job: Job, lease: Lease) -> dict | None:
    """Query and export. Return the receipt, or None where nothing is exported."""
    logs.hide(job.pk, secret_texts(job.authentication) if job.authentication else ())
    logger.info("The job started.")
    write(job, opening(job))
    check_rights(job)
    check_rejects(job)
    seconds = {}
    query(job, lease, seconds)
    if job.export is None:
        return None
    compare_job(job, lease, seconds)
    check_volume(job)
    lease.take_place(share_of(job))
    return deliver(job, lease, seconds)


def opening(job):
    if job.attempt == job.attempts_allowed == 1:
        return "The job started."
    of_all = f" of {job.attempts_allowed}" if job.attempt <= job.attempts_allowed else ""
    return f"Attempt {job.attempt}{of_all} started."
