"""What is kept for a while only: results, logs, who got what, credentials, what crashes left."""

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from console import locks
from console.deliveries import keeping
from console.engines.differences import samples_of
from console.jobs.changes.state import files_of as files_of_state
from console.jobs.journal import journals_of
from console.jobs.places import lock
from console.models import Delivered, Job, JobLine, Notice
from integrations.access import users_of
from integrations.models import Authentication

FILES = ("pk", "result_path", "rejects_path", "changes_path", "changes")
LEFTOVER_AFTER = timedelta(days=1)
AT_ONCE = 500  # rows deleted in one go, so that others can write in between


def prune(now=None) -> dict[str, int]:
    """Delete what is past its time, and what crashes left. Return how many of each."""
    now = now or timezone.now()
    before = now - settings.RESULT_RETENTION
    return prune_files(before, now) | {
        "authentications": prune_authentications(before),
        "lines": delete_all(JobLine.objects.filter(job__ended_at__lt=before)),
        "notices": delete_all(Notice.objects.filter(created_at__lt=before)),
        # With what was entered for an authentication and never saved.
        "sessions": delete_all(Session.objects.filter(expire_date__lt=now)),
    }


def prune_files(before, now):
    """Delete files, but none while a backup is made: it reads what was there at its beginning."""
    with locks.held(locks.FILES, alone=True) as alone:
        if not alone:
            return {"results": 0, "deliveries": 0, "leftovers": 0}
        return {
            "results": prune_results(before),
            "deliveries": keeping.prune(now),
            "leftovers": sum(map(removed, chain(leftovers(), keeping.leftovers()))),
        }


def prune_results(before):
    old = Job.objects.exclude(result_path="").filter(ended_at__lt=before)
    old = list(old.only("pk", "result_path"))
    for job in old:
        Job.objects.filter(pk=job.pk).update(result_path="", rejects_path="", changes_path="")
        shutil.rmtree(Path(settings.RESULTS_DIR, job.result_path).parent, ignore_errors=True)
    return len(old)


def prune_authentications(before):
    """Delete the credentials of a --result that nothing has used for long."""
    return sum(delete_unused(key, before) for key in unused(before).values_list("pk", flat=True))


def unused(before):
    found = Authentication.objects.filter(inline=True, updated_at__lt=before)
    for model, field in users_of():
        users = model._default_manager.filter(**{f"{field}__isnull": False})
        found = found.exclude(pk__in=users.values(field))
    lately = Q(ended_at=None) | Q(ended_at__gte=before)
    users = Job.objects.filter(lately, authentication__isnull=False)
    return found.exclude(pk__in=users.values("authentication"))


def delete_unused(key, before):
    with transaction.atomic():
        lock(pk=key)
        gone = unused(before).filter(pk=key)
        return len([authentication.delete() for authentication in gone])


def delete_all(rows):
    count = 0
    while keys := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        count += rows.model.objects.filter(pk__in=keys).delete()[0]
    return count


def leftovers() -> Iterator[Path]:
    """Yield what is of no use once nobody has touched it for a day."""
    uploads = settings.UPLOADS_DIR
    yield from uploads.glob("*/*")
    yield from (path for path in uploads.glob("*") if path.is_file())
    yield from settings.SPILL_DIR.glob("*")
    yield from delivered_leftovers()
    kept = results_kept()
    for folder in settings.RESULTS_DIR.glob("*"):
        if folder.name in kept:
            yield from (path for path in folder.iterdir() if path not in kept[folder.name])
        else:
            yield folder


def delivered_leftovers():
    """Yield what no query compares with any more."""
    kept = {name for state in Delivered.objects.iterator() for name in files_of_state(state)}
    for path in settings.DELIVERED_DIR.glob("*/*"):
        if str(path.relative_to(settings.DELIVERED_DIR)) not in kept:
            yield path


def results_kept():
    """Return the files of each folder whose job has a result, or is still going."""
    done = Job.objects.filter(result_path="", status__in=Job.FINISHED)
    jobs = Job.objects.exclude(pk__in=done).only(*FILES)
    return {str(job.pk): files_of(job) for job in jobs.iterator()}


def files_of(job):
    if not job.result_path:
        return set()
    names = [job.result_path, job.rejects_path, *filter(None, [job.changes_path])]
    kept = {settings.RESULTS_DIR / name for name in names} | {*journals_of(job)}
    samples = {samples_of(settings.RESULTS_DIR / job.changes_path)} if job.changes_path else set()
    return kept | samples


def removed(path):
    """Delete what is old enough. Return whether it was."""
    age = max(LEFTOVER_AFTER.total_seconds(), 2 * settings.JOB_SECONDS)
    try:
        if path.lstat().st_mtime > time.time() - age:
            return False
    except FileNotFoundError:
        return False
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return True
