"""Who hears of what: the end of a scheduled run, where it changes how the query stands."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from console.models import Job, Notice, Query
from console.notifications.payload import event_of, stop_event
from console.notifications.wording import stopped, worded

AGAIN_AFTER = timedelta(days=1)  # between two notices that a query goes on failing
Kind = Notice.Kind


def tell_end(job: Job) -> None:
    """Put into the outbox what people are to hear of a job that has just ended.

    To be called in the transaction that ends it: neither is there without the other.
    """
    if job.schedule_id and job.query_id and (kind := event(job)):
        tell(kind, job)


def tell_pause(job: Job, why: str) -> None:
    """Put into the outbox that the schedule was paused by itself, after this job."""
    tell(Kind.PAUSED, job, why)


def tell_stop(query: Query, why: str) -> None:
    """Put into the outbox that a schedule was paused by itself, with no job to blame."""
    subject, body = stopped(query, why)
    what = {"kind": Kind.PAUSED, "query": query, "subject": subject, "body": body}
    for user in readers(query, Kind.PAUSED):
        Notice.objects.create(user=user, **what)
    if query.webhook:
        Notice.objects.create(webhook=query.webhook, event=stop_event(query, why), **what)


def tell(kind, job, why=""):
    subject, body = worded(kind, job, why)
    what = {"kind": kind, "query": job.query, "job": job, "subject": subject, "body": body}
    for user in readers(job.query, kind):
        Notice.objects.create(user=user, **what)
    webhook = job.query.webhook
    if webhook and (kind != Kind.SUCCEEDED or webhook.on_success):
        Notice.objects.create(webhook=webhook, event=event_of(kind, job, why), **what)


def event(job):
    """Return what the end of the job is news of, or nothing."""
    failed_before = status_before(job) == Job.Status.ERROR
    if job.status == Job.Status.SUCCESS:
        return Kind.RECOVERED if failed_before else Kind.SUCCEEDED
    if job.status != Job.Status.ERROR:
        return None
    if not failed_before:
        return Kind.FAILED
    return None if told_lately(job.query) else Kind.STILL_FAILING


def status_before(job):
    """Return how the scheduled run before this one ended, of those that did."""
    ended = (Job.Status.SUCCESS, Job.Status.ERROR)
    runs = Job.objects.filter(query=job.query_id, schedule__isnull=False, status__in=ended)
    return runs.filter(pk__lt=job.pk).order_by("-pk").values_list("status", flat=True).first()


def told_lately(query):
    told = Notice.objects.filter(query=query, kind__in=(Kind.FAILED, Kind.STILL_FAILING))
    return told.filter(created_at__gt=timezone.now() - AGAIN_AFTER).exists()


def readers(query: Query, kind: str) -> list[User]:
    """Return who hears of it, of those who can be reached. The owner hears of every failure."""
    wanted = Q(pk=None)
    if kind != Kind.SUCCEEDED:
        wanted |= Q(pk=query.owner_id)
    asked = {
        Kind.SUCCEEDED: query.notify_success,
        Kind.RECOVERED: query.notify_success or query.notify_failure,
    }
    if asked.get(kind, query.notify_failure):
        wanted |= Q(pk__in=query.notified.values("pk"))
    return list(User.objects.filter(wanted, is_active=True).exclude(email="").order_by("pk"))
