"""Why a job that could start does not: others have to end first."""

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from console.jobs.lease import before, comparing
from console.jobs.places import waiting_for_place
from console.jobs.shares import waiting_for_share
from console.models import Job


def waiting(jobs: Iterable[Job]) -> dict[int, str]:
    """Return what jobs wait for, in a sentence, by the key of each that does."""
    jobs = list(jobs)
    found = waiting_for_share(jobs) | waiting_for_place(jobs)
    return found | waiting_to_compare(jobs) | waiting_for_turn(jobs)


def waiting_to_compare(jobs):
    """Return why jobs that send what changed wait: what others of their query send counts."""
    keys = [job.pk for job in jobs if job.changes and job.status == Job.Status.QUEUED]
    if not keys:
        return {}
    first = comparing(OuterRef("query"), OuterRef("pk")).order_by("pk").values("pk")[:1]
    found = Job.objects.filter(pk__in=keys, query__isnull=False, held_because="")
    return {
        pk: f"Waits: job {other} of the same query is not done."
        for pk, other in found.annotate(first=Subquery(first))
        .exclude(first=None)
        .values_list("pk", "first")
    }


def waiting_for_turn(jobs):
    keys = [job.pk for job in jobs if job.in_turn and job.status == Job.Status.QUEUED]
    if not keys:
        return {}
    firsts = [Subquery(kind.order_by("pk").values("pk")[:1]) for kind in before()]
    found = Job.objects.filter(pk__in=keys).annotate(first=Coalesce(*firsts))
    return {
        pk: f"Waits: job {earlier} of the same schedule is not done."
        for pk, earlier in found.exclude(first=None).values_list("pk", "first")
    }
