"""Which job a free worker takes: the most urgent, and of those as urgent the fairest."""

from django.db.models import Count

from console.jobs.lease import ready
from console.models import Job


def next_job() -> int | None:
    """Return the key of the job to start now, or None.

    Of jobs as urgent, it is the oldest of the destination that the fewest workers are busy with:
    a slow one has no more of them than its share while others wait. Jobs that export nothing go to
    none: somebody may be waiting for them, and each is as old as it is.
    """
    first = ready().values("pk", "priority", "authentication").first()
    if first is None:
        return None
    busy = at_work()
    mine = busy.get(first["authentication"], 0)
    as_urgent = ready().filter(priority=first["priority"]).values_list("pk", flat=True)
    for fewer in sorted({0, *busy.values()}):
        if fewer >= mine:
            break
        crowded = [key for key, count in busy.items() if count > fewer]
        if found := as_urgent.exclude(authentication__in=crowded).first():
            return found
    return first["pk"]


def at_work() -> dict[int, int]:
    """Return how many jobs run, by the authentication they export with."""
    running = Job.objects.filter(status=Job.Status.RUNNING, authentication__isnull=False).order_by()
    return dict(running.values_list("authentication").annotate(Count("pk")))
