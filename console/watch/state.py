"""Whether what runs unattended does run: the tick, the workers, the slots that are due."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from console.jobs import cluster_alive
from console.models import Alarm, Job, Notice, Pulse, Schedule
from console.watch.pulse import DISPATCHER

SILENT_AFTER = timedelta(seconds=60)  # without a sign of life of the dispatcher
BACKUP, BACKUP_OLD_AFTER = "backup", timedelta(days=7)
LATE_AFTER = timedelta(minutes=2)  # from which on a slot that has not started is told of


@dataclass(frozen=True)
class Ticking:
    """When the dispatcher last gave a sign of life, and whether that is too long ago.

    One of the future tells nothing: a dispatcher that lives would have set it right.
    """

    at: datetime | None
    silent: bool


def ticking(now: datetime | None = None) -> Ticking:
    now = now or timezone.now()
    at = Pulse.objects.filter(name=DISPATCHER).values_list("at", flat=True).first()
    return Ticking(at, at is None or abs(now - at) > SILENT_AFTER)


@dataclass(frozen=True)
class BackedUp:
    """When the last backup was made, whether that is too long ago, and what is wrong with it."""

    at: datetime | None
    old: bool
    wrong: str


def backed_up(now: datetime | None = None) -> BackedUp:
    now = now or timezone.now()
    at = Pulse.objects.filter(name=BACKUP).values_list("at", flat=True).first()
    wrong = Alarm.objects.filter(name=BACKUP).values_list("text", flat=True).first() or ""
    return BackedUp(at, at is None or now - at > BACKUP_OLD_AFTER, wrong)


def free_bytes() -> int:
    """Return how much room the disk of the home has left for the console's own user."""
    return shutil.disk_usage(settings.HOME).free


def short_of_room() -> bool:
    return free_bytes() < settings.DISK_FREE_MB << 20


def late(now: datetime | None = None) -> list[Schedule]:
    """Return the schedules that should have started a while ago."""
    now = now or timezone.now()
    due = Schedule.objects.filter(paused_at=None, query__isnull=False, next_slot__lt=now)
    after = Schedule.objects.filter(paused_at=None, due_slots__starts_at__lt=now - LATE_AFTER)
    return [*(each for each in due if is_late(each, now)), *after.distinct()]


def is_late(schedule: Schedule, now: datetime | None = None) -> bool:
    return (now or timezone.now()) - due_at(schedule) > LATE_AFTER


def due_at(schedule: Schedule) -> datetime:
    """Return when a schedule should start that has a next slot, or one that is due after a run."""
    if schedule.next_slot:
        return schedule.next_slot + timedelta(seconds=schedule.delay)
    return first_due(schedule) or timezone.now()  # It has started since.


def first_due(schedule):
    return schedule.due_slots.order_by("starts_at").values_list("starts_at", flat=True).first()


def overdue_since(schedule: Schedule) -> datetime:
    """Return when the first start was due of a schedule that is late."""
    return min(filter(None, (due_at(schedule), first_due(schedule))))


def figures(now: datetime | None = None) -> dict[str, float]:
    """Return what there is to measure, by the name and labels of Prometheus."""
    now = now or timezone.now()
    tick, waiting = ticking(now), Job.objects.filter(status=Job.Status.QUEUED, held_because="")
    oldest = waiting.filter(not_before=None).order_by("pk").values_list("created_at", flat=True)
    first = oldest.first()
    counted = dict(Job.objects.order_by().values_list("status").annotate(Count("pk")))
    unsent = Notice.objects.filter(sent_at=None, given_up_at=None)
    return {
        **{f'console_jobs{{status="{name}"}}': counted.get(name, 0) for name in Job.Status.values},
        "console_oldest_queued_job_seconds": seconds(now, first),
        "console_schedules_active": Schedule.objects.filter(paused_at=None).count(),
        "console_schedules_paused": Schedule.objects.exclude(paused_at=None).count(),
        "console_schedules_late": len(late(now)),
        "console_messages_waiting": unsent.count(),
        "console_dispatcher_silent_seconds": seconds(now, tick.at),
        "console_workers_alive": int(cluster_alive()),
        "console_disk_free_bytes": free_bytes(),
    } | backup_figures(now)


def backup_figures(now):
    """Return the age of the last backup; without one there is no such figure."""
    at = backed_up(now).at
    return {"console_backup_age_seconds": seconds(now, at)} if at else {}


def seconds(now, then):
    return round((now - then).total_seconds(), 3) if then else 0
