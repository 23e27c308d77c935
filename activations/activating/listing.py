"""The list of activations: search, filters, order, and the last run of each."""

from collections import defaultdict

from django.db.models import F, OuterRef, Q, Subquery

from activations.activating.access import visible_activations
from activations.models import Activation
from console.models import Job

STATES = {
    "": "All",
    "scheduled": "Scheduled",
    "paused": "Paused",
    "unscheduled": "Not scheduled",
    "running": "Running",
    "failed": "Last run failed",
}
ORDERS = {
    "": [F("last_job").desc(nulls_last=True), "name", "pk"],
    "next": [F("query__schedule__next_slot").asc(nulls_last=True), "name", "pk"],
    "name": ["name", "pk"],
}
NEXT = "query__schedule__trigger__query"
COMING = Q(query__schedule__next_slot__isnull=False) | Q(**{f"{NEXT}__isnull": False})


def listed(user, *, search="", state="", destination=None, parent=None, sort=""):
    """Return the activations that the user sees, narrowed and in order."""
    found = with_last_job(visible_activations(user)).select_related(
        "segment__parent_segment", "query__owner", "query__authentication", NEXT
    )
    if search:
        named = Q(name__icontains=search) | Q(segment__name__icontains=search)
        found = found.filter(named | Q(description__icontains=search))
    if destination:
        found = found.filter(query__authentication=destination)
    if parent:
        found = found.filter(segment__parent_segment=parent)
    return in_state(found, state).order_by(*ORDERS.get(sort, ORDERS[""]))


def in_state(found, state):
    """Narrow activations to those that stand in one way."""
    conditions = {
        "scheduled": COMING & Q(query__schedule__paused_at=None),
        "paused": Q(query__schedule__paused_at__isnull=False),
        "unscheduled": Q(query__schedule=None),
        "running": Q(last_status__in=set(Job.Status.values) - set(Job.FINISHED)),
        "failed": Q(last_status=Job.Status.ERROR),
    }
    return found.filter(conditions[state]) if state in conditions else found


def with_last_job(activations):
    last = Job.objects.filter(query=OuterRef("query")).order_by("-pk")
    return activations.annotate(
        last_job=Subquery(last.values("pk")[:1]), last_status=Subquery(last.values("status")[:1])
    )


def with_last_run(activations) -> list:
    """Return the activations, each with its last run as `last`: one question for all of them."""
    found = list(activations)
    jobs = Job.objects.defer("sql", "traceback").in_bulk([each.last_job for each in found])
    for each in found:
        each.last = jobs.get(each.last_job)
    return found


def tell_sending(segments) -> None:
    """Give each segment the number of its activations, and the last of their runs."""
    sending = defaultdict(list)
    found = Activation.objects.filter(segment__in=[each.pk for each in segments])
    for each in with_last_run(with_last_job(found)):
        sending[each.segment_id].append(each.last)
    for segment in segments:
        lasts = sending[segment.pk]
        segment.sending = len(lasts)
        segment.last_run = max(filter(None, lasts), key=lambda job: job.pk, default=None)
