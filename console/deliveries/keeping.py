"""How long it is kept who got what, and what goes before that."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from console import locks
from console.deliveries.asking import Token
from console.deliveries.searching import Damaged, hits_of, kept
from console.models import Delivery, Job, LogKey, LookUp
from console.tables import log

AT_ONCE = 500
KEY_SPARED = timedelta(days=1)  # after the next one was made: clocks of machines differ


class BackupGoesOn(Exception):
    """A backup reads the files, so none can be changed now."""


def prune(now: datetime) -> int:
    """Delete what is past its time. The files have to be the caller's alone. Return how many."""
    before = now - settings.DELIVERY_LOG
    old = Delivery.objects.filter(at__lt=before)
    count = 0
    while some := list(old.order_by("pk")[:AT_ONCE]):
        Delivery.objects.filter(pk__in=[each.pk for each in some]).delete()
        for delivery in some:
            remove(delivery.path)
        count += len(some)
    LookUp.objects.filter(at__lt=before).delete()
    prune_keys(now)
    if LogKey.objects.exists():
        log.show()
    return count


def prune_keys(now):
    """Delete keys that nothing was logged with, nor can be: no attempt is older than the next."""
    running = Job.objects.filter(status=Job.Status.RUNNING)
    began = running.aggregate(first=Min("started_at"))["first"] or now
    following = LogKey.objects.filter(created_at__lt=min(began, now) - KEY_SPARED).first()
    if following:
        LogKey.objects.filter(deliveries=None, number__lt=following.number).delete()


def leftovers() -> Iterator[Path]:
    """Yield the files that belong to no delivery: their attempt failed, or another came after."""
    known = set(Delivery.objects.exclude(path="").values_list("path", flat=True))
    for path in settings.DELIVERIES_DIR.glob("*/*"):
        if str(path.relative_to(settings.DELIVERIES_DIR)) not in known:
            yield path


def remove(path: str) -> None:
    """Delete the file of a delivery, and the folder of its day where it was the last."""
    if not path:
        return
    file = Path(settings.DELIVERIES_DIR, path)
    file.unlink(missing_ok=True)
    if file.parent.is_dir() and not any(file.parent.iterdir()):
        file.parent.rmdir()


class Forgotten(NamedTuple):
    """From how many deliveries an identifier was taken, and the jobs whose logs are damaged."""

    count: int
    damaged: list[int]


def forget(tokens: list[Token]) -> Forgotten:
    """Take an identifier out of the whole log.

    Raise BackupGoesOn where a backup is made: it may need the files that would go.
    """
    with locks.held(locks.FILES, alone=True) as alone:
        if not alone:
            raise BackupGoesOn
        count, damaged = 0, []
        for delivery in kept(None):
            try:
                count += taken_out(delivery, tokens)
            except Damaged:
                damaged.append(delivery.job_id)
    hashes = {token.hash for token in tokens}
    for look_up in LookUp.objects.iterator():
        if hashes & {token[1] for token in look_up.tokens}:
            LookUp.objects.filter(pk=look_up.pk).update(tokens=[], matches=[])
    log.show()
    return Forgotten(count, damaged)


def taken_out(delivery, tokens):
    """Write the file of a delivery anew without an identifier. Return whether it was in there."""
    from console.deliveries.files import changed  # It loads Arrow.

    hits = hits_of(delivery, tokens)
    if not hits:
        return False
    old = Path(settings.DELIVERIES_DIR, delivery.path)
    new = old.with_name(f"{old.stem.partition('.')[0]}.{uuid4().hex[:8]}.parquet")
    entries, size = changed(old, new, without=set(hits))
    path = str(new.relative_to(settings.DELIVERIES_DIR)) if entries else ""
    with transaction.atomic():
        same = Delivery.objects.filter(pk=delivery.pk, path=delivery.path)
        same.update(path=path, entries=entries, bytes=size)
    remove(delivery.path)
    return True
