"""The list of queries: search, filters, and what became of each query's last job."""

from django.db.models import OuterRef, Q, Subquery

from console.models import Job
from console.queries.access import visible_queries

SHOWS = {"": "All", "mine": "Mine", "scheduled": "Scheduled", "failed": "Last job failed"}


def listed(user, *, show="", search=""):
    """Return the queries that the user may see, with `last_job`, `last_status`, `last_ended`."""
    found = with_last_job(visible_queries(user)).select_related(
        "database", "owner", "authentication", "schedule__trigger__query"
    )
    if show == "mine":
        found = found.filter(owner=user)
    if show == "scheduled":
        found = found.filter(schedule__isnull=False)
    if show == "failed":
        found = found.filter(last_status=Job.Status.ERROR)
    if search:
        found = found.filter(Q(name__icontains=search) | Q(sql__icontains=search))
    return found


def with_last_job(queries):
    last = Job.objects.filter(query=OuterRef("pk")).order_by("-pk")
    return queries.annotate(
        last_job=Subquery(last.values("pk")[:1]),
        last_status=Subquery(last.values("status")[:1]),
        last_ended=Subquery(last.values("ended_at")[:1]),
    )
