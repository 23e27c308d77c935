"""Who hears of what: how a scheduled run ended, where that is news, and that one waits for them."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from console.models import Job, Notice, Query
from console.notifications.administrators import administrators
from console.notifications.payload import event_of, stop_event
from console.notifications.reach import reachable
from console.notifications.wording import stopped, worded

AGAIN_AFTER = timedelta(days=1)  # between two notices of what goes on
Kind = Notice.Kind


def tell_end(job: Job) -> None:
    """Put into the outbox what people are to hear of a job that has just ended, or is held.

    To be called in the transaction that writes it: neither is there without the other.
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
    """Return what there is to tell of the job, or nothing."""
    if job.held:
        known = still_held(job) and told_lately(job.query, Kind.HELD)
        return None if known else Kind.HELD
    failed_before = status_before(job) == Job.Status.ERROR
    if job.status == Job.Status.SUCCESS:
        return Kind.RECOVERED if failed_before else success(job)
    if job.status != Job.Status.ERROR:
        return None
    if not failed_before:
        return Kind.FAILED
    return None if told_lately(job.query, Kind.FAILED, Kind.STILL_FAILING) else Kind.STILL_FAILING


def success(job):
    """Return what the success of a job is: one that sent nothing, for want of rows, is told of."""
    skipped = job.receipt and job.receipt.get("skipped") and not job.rows
    return Kind.SKIPPED if skipped and not told_lately(job.query, Kind.SKIPPED) else Kind.SUCCEEDED


def still_held(job):
    """Return whether an earlier run of the query waits for a person as well."""
    others = Job.objects.filter(query=job.query_id, status=Job.Status.QUEUED, pk__lt=job.pk)
    return others.exclude(held_because="").exists()


def status_before(job):
    """Return how the scheduled run before this one ended, of those that did."""
    ended = (Job.Status.SUCCESS, Job.Status.ERROR)
    runs = Job.objects.filter(query=job.query_id, schedule__isnull=False, status__in=ended)
    return runs.filter(pk__lt=job.pk).order_by("-pk").values_list("status", flat=True).first()


def told_lately(query, *kinds):
    told = Notice.objects.filter(query=query, kind__in=kinds)
    return told.filter(created_at__gt=timezone.now() - AGAIN_AFTER).exists()


def readers(query: Query, kind: str, keepers=administrators) -> list[User]:
    """Return who hears of it, of those who can be reached. The owner hears of all but success.

    Where no mail reaches the owner, administrators hear in the owner's place.
    """
    people = [*query.notified.all()] if asked_for(query, kind) else []
    if kind != Kind.SUCCEEDED:
        people += [query.owner] if reachable(query.owner) else keepers()
    found = {user.pk: user for user in people if reachable(user)}
    return [found[key] for key in sorted(found)]


def asked_for(query, kind):
    """Return whether those who were added to the query are to hear of it."""
    asked = {
        Kind.SUCCEEDED: query.notify_success,
        Kind.SKIPPED: query.notify_success or query.notify_failure,
        Kind.RECOVERED: query.notify_success or query.notify_failure,
    }
    return asked.get(kind, query.notify_failure)
