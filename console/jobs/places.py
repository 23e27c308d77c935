"""Places: how many exports may be logged in with one authentication at the same time.

A job has a place while it runs in the phases of its export, and only then: the row of the job is
the place, so one whose worker died is free again as soon as the job is given back.
"""

from collections.abc import Iterable

from django.db.models import Count, F, Q

from console.models import Job
from integrations.models import Authentication

EXPORTING = (Job.Phase.CHECKING, Job.Phase.UPLOADING)
TAKEN = Q(status=Job.Status.RUNNING, phase__in=EXPORTING)
# A job whose result is there starts with its export: it needs a place at once.
STARTS_WITH_EXPORT = ~Q(result_path="") & Q(export__isnull=False, authentication__isnull=False)


class NoPlace(Exception):
    """An export has to wait until another one to the same account has ended."""


def full():
    """Return the authentications that have no place left, as a part of a query."""
    taken = Job.objects.filter(TAKEN, authentication__isnull=False).order_by()
    counted = taken.values("authentication").annotate(count=Count("pk"))
    none_left = counted.filter(count__gte=F("authentication__exports_at_once"))
    return none_left.values("authentication")


def lock(**authentication) -> None:
    """Let one at a time take places of an authentication. To be called in a transaction.

    PostgreSQL locks the row; a transaction of SQLite has the whole database to itself.
    """
    locked = Authentication.objects.select_for_update(of=("self",)).filter(**authentication)
    list(locked.order_by("pk").values_list("pk"))


def waiting_for_place(jobs: Iterable[Job]) -> dict[int, str]:
    """Return why jobs wait for a place, in a sentence, by the key of each that does."""
    ready = [job for job in jobs if could_export(job)]
    keys = {job.authentication_id for job in ready}
    taken = Job.objects.filter(TAKEN, authentication__in=full().filter(authentication__in=keys))
    counts = taken.order_by().values_list("authentication").annotate(Count("pk"))
    told = {key: sentence(count) for key, count in counts} if ready else {}
    return {job.pk: told[job.authentication_id] for job in ready if job.authentication_id in told}


def could_export(job):
    queued = job.status == Job.Status.QUEUED and not job.held and job.not_before is None
    return queued and job.result_path and job.export is not None and job.authentication_id


def sentence(count):
    exports = "1 export with this authentication is" if count == 1 else (
        f"{count} exports with this authentication are"
    )  # fmt: skip
    return f"Waits: {exports} running."
