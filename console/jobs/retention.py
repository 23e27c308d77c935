"""Results are kept for a while; what lies about after that is deleted."""

import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from console.models import Job

LEFTOVER_AFTER = timedelta(days=1)


def prune(now=None) -> dict[str, int]:
    """Delete results past their time, and what crashes left. Return how many of each."""
    now = now or timezone.now()
    return {
        "results": prune_results(now - settings.RESULT_RETENTION),
        "leftovers": sum(map(prune_folder, (settings.UPLOADS_DIR, settings.SPILL_DIR)))
        + prune_folder(settings.RESULTS_DIR, keep=known_folders()),
    }


def prune_results(before):
    old = Job.objects.exclude(result_path="").filter(ended_at__lt=before)
    old = list(old.only("pk", "result_path"))
    for job in old:
        shutil.rmtree(Path(settings.RESULTS_DIR, job.result_path).parent, ignore_errors=True)
        Job.objects.filter(pk=job.pk).update(result_path="")
    return len(old)


def known_folders():
    """Return the names of the folders that belong to jobs with a result or still going."""
    done = Job.objects.filter(result_path="", status__in=Job.FINISHED)
    return {str(pk) for pk in Job.objects.exclude(pk__in=done).values_list("pk", flat=True)}


def prune_folder(folder, keep=frozenset()):
    """Delete what nobody has touched for a day."""
    limit = time.time() - LEFTOVER_AFTER.total_seconds()
    old = [
        path
        for path in Path(folder).iterdir()
        if path.name not in keep and path.stat().st_mtime < limit
    ] if Path(folder).is_dir() else []  # fmt: skip
    for path in old:
        remove(path)
    return len(old)


def remove(path):
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
