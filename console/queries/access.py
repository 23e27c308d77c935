"""Which queries and jobs a person may see: their own, an admin everyone's."""

from console.access import is_admin
from console.models import Job, Query


def visible_queries(user):
    """Return the queries of the workbench; those that belong to something else have its page."""
    return visible_work(user).filter(place="")


def visible_work(user):
    """Return all that can run, be it a query of the workbench or part of something else."""
    return Query.objects.all() if is_admin(user) else Query.objects.filter(owner=user)


def visible_jobs(user):
    return Job.objects.all() if is_admin(user) else Job.objects.filter(owner=user)
