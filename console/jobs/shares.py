"""Shares: how many requests at once each export sends to an account that takes only so many.

As with places, the row of the job is the share, while it is in the phases of its export.
"""

from collections.abc import Iterable

from django.db.models import F, Max, Sum

from console.jobs.places import TAKEN
from console.models import Job
from integrations.connectors.base import Share

WAITS = "Waits: other exports have all the requests that the account takes at once."


def exhausted():
    """Return the accounts of which other exports have all requests, as a part of a query."""
    taken = Job.objects.filter(TAKEN).exclude(account="").order_by().values("account")
    counted = taken.annotate(taken=Sum("requests"), most=Max("most_requests"))
    return counted.filter(taken__gte=F("most")).values("account")


def share_of(job: Job) -> Share | None:
    """Return what the export of a job wants of the requests of its receiver's account."""
    if job.authentication is None:
        return None  # The export says so.
    return job.authentication.connector(job.authentication.settings, job.export).share()


def taking(share: Share, job: Job) -> dict:
    """Return the fields of a job that takes what is left, where one at a time does."""
    others = Job.objects.filter(TAKEN, account=share.account).exclude(pk=job.pk)
    taken = others.aggregate(taken=Sum("requests"))["taken"] or 0
    requests = max(0, min(share.wanted, share.most - taken))
    return {"account": share.account, "requests": requests, "most_requests": share.most}


def waiting_for_share(jobs: Iterable[Job]) -> dict[int, str]:
    """Return why jobs wait for requests to an account, by the key of each that does."""
    queued = {job.pk: job.account for job in jobs if job.account and job.status == "queued"}
    if not queued:
        return {}
    full = set(
        exhausted().filter(account__in=set(queued.values())).values_list("account", flat=True)
    )
    return {pk: WAITS for pk, account in queued.items() if account in full}
