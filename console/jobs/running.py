"""What a worker does with a job: claim it, query, export, and write down what came of it."""

from console.jobs.delivering import deliver
from console.jobs.ending import fail, hold, stop, succeed
from console.jobs.holding import Held, check_volume
from console.jobs.lease import Lease, claim, ready
from console.jobs.log import write
from console.jobs.querying import query
from console.jobs.rights import check_rights
from console.models import Job
from integrations.errors import Stopped

TRIED = 10  # jobs that other workers may take first, before a turn is given up


def run(job_id: int) -> bool:
    """Run a queued job to its end. Return whether it was this worker's to run."""
    job = claim(job_id)
    if job is None:
        return False
    with Lease(job) as lease:
        try:
            receipt = work(job, lease)
        except Held as held:
            hold(lease, str(held))
        except Stopped:
            stop(lease)
        except Exception as error:  # noqa: BLE001 - it is written to the job, for a person.
            fail(lease, error)
        except BaseException as error:  # The queue's own time limit, or the end of the process.
            fail(lease, error)
            raise
        else:
            succeed(lease, receipt)
    return True


def take_turn(job_id: int) -> bool:
    """Run the most urgent job that waits. Each message is one turn, whichever job it is of."""
    return any(run(pk) for pk in list(ready().values_list("pk", flat=True)[:TRIED]))


def work(job: Job, lease: Lease) -> dict | None:
    """Query and export. Return the receipt, or None where nothing is exported."""
    write(job, opening(job))
    check_rights(job)
    seconds = {}
    query(job, lease, seconds)
    if job.export is None:
        return None
    check_volume(job)
    return deliver(job, lease, seconds)


def opening(job):
    if job.attempt == job.attempts_allowed == 1:
        return "The job started."
    of_all = f" of {job.attempts_allowed}" if job.attempt <= job.attempts_allowed else ""
    return f"Attempt {job.attempt}{of_all} started."
