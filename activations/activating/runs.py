"""The runs of an activation: its jobs, what came of each, and a picture of the last month."""

from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Avg, BigIntegerField, Count, DurationField, F, Max, Q, Sum
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from activations.models import Activation, ParentSegment
from console import overview
from console.models import Job
from console.notifications.wording import delivered, rejected
from console.templatetags.console import duration

TOOK = ExpressionWrapper(F("ended_at") - F("started_at"), DurationField())
SENT = Cast(KeyTextTransform("rows", "receipt"), BigIntegerField())
COLUMNS = ["Succeeded", "Failed", "Rows delivered", "Duration on average", "Longest"]


def runs(activation: Activation):
    """Return the jobs of an activation, the newest first."""
    found = activation.query.jobs.select_related("owner", "authentication", "kill_requested_by")
    return found.defer("sql", "traceback").order_by("-pk")


def said(job: Job) -> str:
    """Return what became of a run, in a sentence or two."""
    match job.status:
        case Job.Status.SUCCESS:
            return f"{delivered(job)} {rejected(job)}".strip()
        case Job.Status.KILLED:
            who = job.kill_requested_by.get_username() if job.kill_requested_by else "Somebody"
            return f"{who} stopped it. {delivered(job)}"
        case Job.Status.ERROR | Job.Status.SKIPPED:
            return f"{job.error} {job.remedy}".strip()
    return f"Held: {job.held_because}" if job.held else "It is under way."


def chart(activation: Activation) -> dict | None:
    """Return the last days with rows and durations, as they are drawn; None without a run."""
    figures = {each.pop("day"): each for each in by_day(activation)}
    if not figures:
        return None
    days = [told({"day": day} | figures.get(day, {})) for day in overview.span()]
    return {
        "region": "Runs by day",
        "columns": COLUMNS,
        "bars": overview.bars(days, "sent"),
        "durations": overview.bars([day | {"said": day["took"]} for day in days], "seconds"),
        "most_said": f"up to {max(day['sent'] for day in days):,}",
        "longest_said": f"up to {duration(max(each['longest'] for each in figures.values()))}",
    }


def by_day(activation):
    good, bad = Q(status=Job.Status.SUCCESS), Q(status=Job.Status.ERROR)
    found = overview.by_day(activation.query.jobs.filter(started_at__isnull=False))
    return found.values("day").annotate(
        success=Count("pk", filter=good),
        failed=Count("pk", filter=bad),
        sent=Sum(SENT, filter=good),
        mean=Avg(TOOK),
        longest=Max(TOOK),
    )


def told(day):
    """Return a day with all of its figures, as numbers and as texts."""
    success, failed, sent = (day.get(name) or 0 for name in ("success", "failed", "sent"))
    longest, mean = day.get("longest"), day.get("mean")
    return day | {
        "sent": sent,
        "seconds": longest.total_seconds() if longest else 0,
        "said": f"{sent:,} rows delivered, {success} runs succeeded, {failed} failed",
        "took": f"longest {duration(longest)}, on average {duration(mean)}",
        "cells": [f"{success:,}", f"{failed:,}", f"{sent:,}", duration(mean), duration(longest)],
    }


def data_of(job: Job, parent: ParentSegment) -> Job | None:
    """Return the refresh that made the customers of a run; None where that is not known."""
    at = looked_at(job)
    refreshes = parent.query.jobs.filter(status=Job.Status.SUCCESS)
    return refreshes.filter(ended_at__lte=at).defer("sql", "builds").first() if at else None


def looked_at(job: Job) -> datetime | None:
    """Return when a run read the customers; None where that is not known any more.

    That is not when its last attempt began: one that was held, or tried again, has the result of
    before, and a retry can have the result of another run.
    """
    times = [made_at(job), job.started_at]
    if times[0] is None and "querying" not in ((job.receipt or {}).get("phases") or {}):
        return None
    return min(filter(None, times))


def made_at(job):
    """Return when the result that is kept of a job was made."""
    if not job.result_path:
        return None
    try:
        status = Path(settings.RESULTS_DIR, job.result_path).stat()
    except FileNotFoundError:
        return None
    return datetime.fromtimestamp(status.st_mtime, UTC)
