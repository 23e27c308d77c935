"""Which queries and jobs a person may see: their own, an admin everyone's."""

from console.access import is_admin
from console.models import Job, Query


def visible_queries(user):
    return Query.objects.all() if is_admin(user) else Query.objects.filter(owner=user)


def visible_jobs(user):
    return Job.objects.all() if is_admin(user) else Job.objects.filter(owner=user)
