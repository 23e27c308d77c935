"""Alarms: administrators hear once when something stops, daily while it lasts, and when it is over.

An alarm is a row. Of many processes that see the same trouble, the one whose UPDATE wins tells of
it, in the transaction that makes the messages.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from console.jobs import cluster_alive, workers_alive
from console.jobs.lease import ready
from console.models import Alarm, Job, Notice, Schedule
from console.notifications import tell_administrators
from console.watch.state import BACKUP, free_bytes, late, overdue_since, short_of_room, ticking

AGAIN_AFTER = timedelta(days=1)
SLOTS_AGAIN_AFTER = timedelta(hours=1)  # between two messages about further slots
DISPATCHER, WORKERS, SLOT, QUEUE, DISK = "dispatcher", "workers", "slot", "queue", "disk"
NAMED = 10  # troubles that one message tells of by name
ONCE_A_DAY = "This message comes once a day for as long as it lasts."
START = "On the server: python3 manage.py cluster (or the service that runs it), and its log."


@dataclass(frozen=True)
class Trouble:
    """Something that should run and does not."""

    name: str
    title: str
    text: str
    since: datetime


def look(now: datetime | None = None) -> None:
    """Look whether workers are there, slots and jobs start, and there is room for what they make.

    The dispatcher does, which so lives.
    """
    now = now or timezone.now()
    troubles = [*no_workers(now), *late_slots(now), *standing_queue(now), *full_disk(now)]
    settle(troubles, (DISPATCHER, WORKERS, SLOT, QUEUE, DISK), now)


def look_from_outside(now: datetime, watching_since: datetime) -> bool:
    """Look whether the dispatcher lives, and where not whether workers do. Return the first."""
    silent = no_dispatcher(now, watching_since)
    if silent:
        settle([*silent, *no_workers(now)], (DISPATCHER, WORKERS), now)
    else:
        settle([], (DISPATCHER,), now)
    return not silent


def look_at_backup(wrong: str, now: datetime) -> None:
    """Tell what is wrong with a backup that was just made; it is over with the next whole one."""
    since = now - settings.ALARM_AFTER  # It is not waited for: no file comes back by itself.
    troubles = [Trouble(BACKUP, "the last backup is not whole", wrong, since)] if wrong else []
    settle(troubles, (BACKUP,), now)


def no_dispatcher(now, watching_since):
    at = ticking(now).at
    if at and abs(now - at) <= settings.ALARM_AFTER:
        return []
    last = f"gave its last sign of life at {at:%a %d %b %H:%M:%S} UTC" if at else "has never run"
    waiting = len(late(now))
    slots = f" By now {waiting} should have started." if waiting else ""
    text = f"The dispatcher {last}: no schedule starts.{slots} {START}"
    # A machine that was just started is given the time that its processes need.
    since = max(at if at and at < now else now, watching_since)
    return [Trouble(DISPATCHER, "schedules do not start", text, since)]


def no_workers(now):
    if cluster_alive():
        return []
    text = f"No worker reports: no job runs, and those that come wait. {START}"
    return [Trouble(WORKERS, "no workers run", text, now)]


def late_slots(now):
    return [trouble_with(schedule) for schedule in late(now)]


def standing_queue(now):
    """Look whether jobs wait that could start, and workers that have none take none of them."""
    if Job.objects.filter(status=Job.Status.RUNNING).count() >= workers_alive():
        return []  # All of them are busy.
    waiting = ready(now).annotate(since=Coalesce("not_before", "created_at"))
    first = waiting.order_by("since", "pk").first()
    if first is None:
        return []
    # A worker that has just ended a job is free from then on.
    ran = Job.objects.filter(started_at__isnull=False)
    moved = ran.aggregate(begun=Max("started_at"), ended=Max("ended_at"))
    since = min(now, max(filter(None, [first.since, *moved.values()])))
    text = (
        f"Since {since:%a %d %b %H:%M:%S} UTC no job starts, though {waiting.count():,} could and "
        f"workers say that they are there. The first is job {first.pk}: "
        f"{settings.PUBLIC_URL}{first.get_absolute_url()} The log of the cluster says why; stop it "
        f"and start it again. {START}"
    )
    return [Trouble(QUEUE, "jobs do not start", text, since)]


def full_disk(now):
    if not short_of_room():
        return []
    text = (
        f"The disk of {settings.HOME} has {free_bytes() >> 20:,} MB left, less than the "
        f"{settings.DISK_FREE_MB:,} MB of CONSOLE_DISK_FREE_MB. Without room jobs fail. Tables, "
        "results, which are kept for CONSOLE_RESULT_DAYS, and backups take most of it: delete "
        "some, or give it a larger disk."
    )
    return [Trouble(DISK, "there is little room on the disk", text, now)]


def trouble_with(schedule: Schedule) -> Trouble:
    due = overdue_since(schedule)
    query = schedule.query
    text = (
        f"{query.name} should have started at {due:%a %d %b %H:%M} UTC and did not: "
        f"{settings.PUBLIC_URL}{query.get_absolute_url()} The dispatcher's log says why."
    )
    name = " ".join(query.name.split())
    return Trouble(f"{SLOT} {schedule.pk}", f"{name} did not start", text, due)


def settle(troubles: list[Trouble], kinds: tuple[str, ...], now: datetime) -> None:
    """Tell of troubles that are new, or lasted another day, and of those that are over."""
    if not troubles and not gone(troubles, kinds).exists():
        return  # without a transaction, which SQLite lets only one have
    with transaction.atomic():
        told = [trouble for trouble in troubles if is_to_be_told(trouble, now)]
        over = [alarm for alarm in gone(troubles, kinds) if ended(alarm)]
        if told:
            tell_administrators(Notice.Kind.ALARM, *worded("Alarm", told, ONCE_A_DAY))
        if over:
            tell_administrators(Notice.Kind.OVER, *worded("Over", over))


def is_to_be_told(trouble, now):
    """Return whether it is to be told by this process, now."""
    given = {"title": trouble.title[:300], "text": trouble.text, "began_at": trouble.since}
    alarm, _ = Alarm.objects.get_or_create(name=trouble.name, defaults=given)
    if alarm.told_at is None and trouble.name.startswith(SLOT) and told_of_slots(now):
        return False
    due = Q(told_at=None) | Q(told_at__lte=now - AGAIN_AFTER)
    lasting = Alarm.objects.filter(due, pk=alarm.pk, began_at__lte=now - settings.ALARM_AFTER)
    return bool(lasting.update(told_at=now, text=trouble.text))


def told_of_slots(now):
    """Return whether others were told of before this look: many slots make one message."""
    lately = Alarm.objects.filter(name__startswith=SLOT, told_at__gt=now - SLOTS_AGAIN_AFTER)
    return lately.exclude(told_at=now).exists()


def gone(troubles, kinds):
    ours = Q(pk=None)
    for kind in kinds:
        ours |= Q(name__startswith=kind)
    return Alarm.objects.filter(ours).exclude(name__in=[trouble.name for trouble in troubles])


def ended(alarm):
    """Forget the alarm. Return whether people were told of it, and it was this process's."""
    deleted, _ = Alarm.objects.filter(pk=alarm.pk).delete()
    return bool(deleted and alarm.told_at)


def worded(opening, troubles, closing=""):
    """Return subject and text of one message about all of them."""
    first, *others = troubles
    subject = f"{opening}: {first.title}" + (f", and {len(others)} more" if others else "")
    if opening == "Over":
        parts = [f"It is over: {trouble.title}." for trouble in troubles[:NAMED]]
    else:
        parts = [trouble.text for trouble in troubles[:NAMED]]
    if len(troubles) > NAMED:
        parts.append(f"And {len(troubles) - NAMED} more.")
    parts += [closing, f"The console: {settings.PUBLIC_URL}/"]
    return subject[:300], "\n\n".join(filter(None, parts)) + "\n"
