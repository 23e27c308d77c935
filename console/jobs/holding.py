"""Results that are unusual wait for a person, who releases or drops them."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from console.jobs.changes.approving import may_release, why_held
from console.jobs.log import write
from console.jobs.submission import wake_worker
from console.models import Job


class Held(Exception):
    """A job has to wait for a person: one sentence."""


def check_volume(job: Job) -> None:
    """Raise Held where the result is not to be sent before somebody looked at it."""
    if job.released_by_id or job.test:
        return
    if job.changes is not None and (why := why_held(job)):
        raise Held(why)
    if job.resend_of_id or not job.export.get("hold_unusual"):
        return
    if job.sent_bytes and job.sends_in_parts:
        return  # Some of it is there: the rest belongs to it.
    if not job.rows:
        raise Held("The result has no rows.")
    before = rows_delivered(job, job.export["hold_runs"])
    if before and is_unusual(job.rows, before, job.export["hold_percent"]):
        raise Held(comparison(job.rows, before))


def rows_delivered(job: Job, runs: int) -> list[int]:
    """Return the rows of the last runs of the saved query that reached their destination."""
    return list(delivered(job).values_list("rows", flat=True)[:runs])


def delivered(job):
    """Return the runs before a job that it is compared with, the latest first."""
    return runs_delivered(job).filter(pk__lt=job.pk).exclude(query_version=None)


def runs_delivered(job):
    if job.query_id is None:
        return Job.objects.none()
    ended = Job.objects.filter(query=job.query_id, status=Job.Status.SUCCESS, resend_of=None)
    told = Q(receipt__summary__isnull=False) & ~Q(receipt__summary="")
    return ended.filter(Q(receipt__files__0__isnull=False) | told)


def compared(job: Job) -> dict | None:
    """Return what a held job was compared with: the runs, their mean, what would be usual."""
    if not job.export.get("hold_unusual"):
        return None  # It is held for another reason.
    earlier = delivered(job).only("pk", "rows", "ended_at")
    runs = list(earlier[: job.export["hold_runs"]])
    if not runs:
        return None
    percent, hundredfold = job.export["hold_percent"], 100 * len(runs)
    total = sum(run.rows for run in runs)
    return {
        "runs": runs[::-1],
        "mean": f"{total / len(runs):,.10g}",
        "percent": percent,
        "least": max(1, -(-total * (100 - percent) // hundredfold)),
        "most": total * (100 + percent) // hundredfold,
    }


def is_unusual(rows: int, before: list[int], percent: int) -> bool:
    """Return whether the rows are more than so many percent away from the mean, exactly."""
    count, total = len(before), sum(before)
    return abs(rows * count - total) * 100 > total * percent


def comparison(rows, before):
    count, mean = len(before), sum(before) / len(before)
    runs = "the last delivered run" if count == 1 else f"the last {count} delivered runs on average"
    has = f"The result has {rows:,} row{'' if rows == 1 else 's'}"
    if not mean:
        return f"{has}, and {runs} had none."
    side = "more" if rows > mean else "fewer"
    return f"{has}, {abs(rows - mean) / mean:,.0%} {side} than {runs} ({mean:,.10g})."


def overtaken_by(job: Job) -> Job | None:
    """Return the last later run of the saved query that was delivered, which has newer rows.

    Changes look after themselves: none undoes newer ones.
    """
    if job.changes is not None:
        return None
    return runs_delivered(job).filter(pk__gt=job.pk, test__isnull=True).order_by("-pk").first()


class NotReleased(Exception):
    """Somebody may not release a job, or has to know more before: one sentence."""


def release(job: Job, by: User, *, known: int | None = None) -> bool:
    """Send the result of a held job as it is. Return whether it was held.

    NotReleased: another person than those who made or started it has to; or a later run was
    delivered meanwhile, and is not the one that is known.
    """
    if not may_release(job, by):
        raise NotReleased(
            f"Job {job.pk} is to be approved by a second person: not by who started it, nor by "
            "who saved its query or its export."
        )
    if (newer := overtaken_by(job)) and newer.pk != known:
        raise NotReleased(
            f"Job {newer.pk} has delivered newer rows of this query meanwhile. "
            f"Release job {job.pk} once more where its older rows are to be sent all the same."
        )
    line = f"Released by {by.username}: the result is sent as it is."
    return decided(job, line, held_because="", released_by=by, wake=True)


def drop(job: Job, by: User) -> bool:
    """End a held job without sending its result. Return whether it was held."""
    now = timezone.now()
    error = f"Dropped by {by.username}, and not sent. {job.held_because}"
    ended = {"status": Job.Status.KILLED, "ended_at": now, "error": error}
    return decided(job, error, kill_requested_at=now, kill_requested_by=by, **ended)


def decided(job, line, *, wake=False, **fields):
    held = Job.objects.filter(pk=job.pk, status=Job.Status.QUEUED).exclude(held_because="")
    with transaction.atomic():
        won = held.update(**fields)
        if won:
            write(job, line)
        if won and wake:
            wake_worker(job.pk)
    job.refresh_from_db()
    return bool(won)
