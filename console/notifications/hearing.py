"""What a person hears of, and who else does; and the mail as it would look."""

from dataclasses import dataclass
from functools import cache

from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db.models import Max, Q
from django.utils import timezone

from console.access import is_admin
from console.models import Job, Notice, Query, Schedule
from console.notifications.administrators import administrators
from console.notifications.events import readers
from console.notifications.mail import message
from console.notifications.wording import worded

Kind = Notice.Kind
ROWS, BYTES = 1_250, 48_210  # of a run that did not take place
FAILURES = {
    True: (
        "The destination did not answer within 60 seconds.",
        "Test the authentication, and retry the job.",
    ),
    False: ("There is no table orders in the database.", "Check the name in the query."),
}


@dataclass(frozen=True)
class Hearing:
    """Something that runs on a schedule, and who hears of it by mail."""

    query: Query
    failures: list[User]
    successes: list[User]


def heard_by(user: User):
    """Return what runs on a schedule and tells the person of it, by name."""
    asked = Q(notify_failure=True) | Q(notify_success=True)
    added = Query.notified.through.objects.filter(user=user).values("query")
    wanted = Q(owner=user) | Q(pk__in=added) & asked
    if user in administrators():
        wanted |= Q(owner__is_active=False) | Q(owner__email="")
    found = Query.objects.filter(wanted, schedule__isnull=False)
    found = found.select_related(
        "owner", "webhook", "schedule__trigger__query__owner", "authentication"
    )
    return found.prefetch_related("notified").order_by("name", "pk")


def hearings(queries) -> list[Hearing]:
    """Return who hears of each. It is those to whom messages are written."""
    keepers = cache(administrators)
    return [
        Hearing(
            query,
            readers(query, Kind.FAILED, keepers),
            readers(query, Kind.SUCCEEDED, keepers),
        )
        for query in queries
    ]


def shows(query: Query, kind: str, user: User) -> bool:
    """Return whether the person gets such a mail, or may see what it tells anyway."""
    return may_see(query, user) or user in readers(query, kind)


def may_see(query, user):
    return query.owner_id == user.pk or is_admin(user)


def preview(query: Query, kind: str, user: User) -> EmailMessage:
    """Return the mail that the person gets of a query, of its last run that ended like that."""
    wanted = Job.Status.ERROR if kind == Kind.FAILED else Job.Status.SUCCESS
    job = last_run(query, wanted, user) or made_up(query, wanted)
    subject, body = worded(kind, job)
    notice = Notice(kind=kind, user=user, subject=subject, body=body, created_at=timezone.now())
    return message(notice)


def last_run(query, status, user):
    """Return the last scheduled run that ended like that, where the person may see it."""
    if not query.pk or not may_see(query, user):
        return None
    runs = query.jobs.filter(schedule__isnull=False, slot__isnull=False, status=status)
    return runs.select_related("authentication").first()


def made_up(query, status):
    """Return a run of a query that has had none that ended like that."""
    schedule = query.schedule or Schedule()
    slot = schedule.next_slot or timezone.now().replace(second=0, microsecond=0)
    latest = Job.objects.aggregate(pk=Max("pk"))["pk"] or 0
    job = Job(pk=latest + 1, name=query.name, query=query, status=status, slot=slot)
    job.timezone, job.builds = schedule.timezone, query.builds
    job.authentication, job.export = query.authentication, query.export
    if status == Job.Status.ERROR:
        job.error, job.remedy = FAILURES[job.export is not None]
    else:
        job.rows, job.receipt = ROWS, {"rows": ROWS, "bytes": BYTES, "files": []}
    return job
