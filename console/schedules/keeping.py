"""Putting a query on a schedule, pausing that, and taking the query off."""

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone as clock

from console.jobs import skip_waiting
from console.models import DueSlot, Query, Schedule, Trigger
from console.schedules.chains import check_chain, lock_chains, spread_zone
from console.schedules.clocks import MINUTE
from console.schedules.cron import CronError
from console.schedules.policies import MOST_WAITING
from console.schedules.times import Times, columns, times, times_of

RESTORED = "The console was restored from a backup of"  # begins the reason of such a pause


def schedule_query(
    query: Query,
    wanted: str | Times,
    timezone: str = "UTC",
    delay: int = 0,
    *,
    now: datetime | None = None,
    **policies,
) -> Schedule | None:
    """Run the query at the times of a cron expression, or at Times, which have their own zone.

    Where there are none, it is taken off its schedule. A repeat without a start begins now.
    Saving what is there already moves nothing; a new time, or one that could not be followed,
    starts with its first slot from now. One that somebody paused stays paused. The policies are
    fields of the Schedule.
    """
    wanted = times(wanted, timezone) if isinstance(wanted, str) else wanted
    if wanted.rule.never:
        unschedule(query)
        return None
    check_zone(wanted.timezone)
    now = now or clock.now()
    with transaction.atomic():
        lock_chains()
        query.refresh_from_db(fields=["schedule"])  # A tick or another window can have moved it.
        schedule = query.schedule or Schedule()
        move(schedule, wanted, now, timedelta(seconds=delay))
        start_sooner(schedule, now, timedelta(seconds=delay))
        keep(query, schedule, now, {"delay": delay} | policies)
        if schedule.follows:
            schedule.trigger.delete()
            schedule.due_slots.all().delete()
            query.refresh_from_db(fields=["schedule"])
        spread_zone(query, wanted.timezone)
    return query.schedule


def move(schedule: Schedule, wanted: Times, now: datetime, delay: timedelta) -> None:
    """Give a schedule its times, and its next slot where that has changed."""
    kept, wanted = kept_times(schedule), continued(wanted, schedule, now)
    if kept and wanted.same(kept) and schedule.next_slot and not is_broken(schedule):
        return
    after = now
    if kept and wanted.same_count(kept) and schedule.next_slot:
        # A slot that is due already stays so where only the start or the end is another one.
        due = schedule.next_slot - MINUTE
        after = min(now, max(due, now - delay) if is_broken(schedule) else due)
    for name, value in columns(wanted).items():
        setattr(schedule, name, value)
    schedule.next_slot = wanted.next(after)


def start_sooner(schedule: Schedule, now: datetime, delay: timedelta) -> None:
    """Let what still waits for a longer delay start now, the latest so many: nothing missed it."""
    first, kept = schedule.next_slot, timedelta(seconds=schedule.delay)
    if schedule.paused_at or first is None or first + kept <= now:
        return
    own = times_of(schedule)
    later = (slot for slot in own.slots(first - MINUTE) if slot >= first)
    due = deque(takewhile(lambda slot: slot + delay <= now, later), maxlen=MOST_WAITING)
    if due:
        rows = [DueSlot(schedule=schedule, slot=slot, starts_at=now) for slot in due]
        DueSlot.objects.bulk_create(rows, ignore_conflicts=True)
        schedule.next_slot = own.next(due[-1])


def kept_times(schedule):
    """Return when a schedule runs; None where it is new, follows something or cannot be read."""
    try:
        return times_of(schedule) if schedule.pk and not schedule.follows else None
    except CronError:
        return None


def continued(wanted: Times, schedule: Schedule | None, now: datetime) -> Times:
    """Return times with a start. A repeat that has begun goes on counting from where it did."""
    kept = schedule and kept_times(schedule)
    begun = kept and kept.starts_at and kept.starts_at <= now
    if wanted.starts_at is None and begun and wanted.same_rule(kept):
        return replace(wanted, starts_at=kept.starts_at)
    return wanted.begun(now)


def follow_query(
    query: Query,
    upstream: Query,
    *,
    by_hand: bool = False,
    delay: int = 0,
    now: datetime | None = None,
    **policies,
) -> Schedule:
    """Run the query each time that a run of another one has succeeded, for the same slot.

    Raise ChainError where that is not possible. One that somebody paused stays paused.
    """
    now = now or clock.now()
    with transaction.atomic():
        lock_chains()
        upstream = check_chain(query, upstream)
        query.refresh_from_db(fields=["schedule"])
        schedule = query.schedule or Schedule()
        before = schedule.follows
        zone = upstream.schedule.timezone if upstream.schedule else "UTC"
        for name, value in columns(times("", zone)).items():
            setattr(schedule, name, value)
        schedule.next_slot = None
        keep(query, schedule, now, {"delay": delay} | policies)
        if before is None or before.query_id != upstream.pk:
            schedule.due_slots.all().delete()
        schedule.trigger, _ = Trigger.objects.update_or_create(
            schedule=schedule, defaults={"query": upstream, "by_hand": by_hand}
        )
        spread_zone(query, schedule.timezone)
    return schedule


def is_broken(schedule):
    """Return whether the schedule paused itself: neither somebody nor a restore paused it."""
    by_itself = schedule.paused_at and not schedule.paused_by_id
    return bool(by_itself and not schedule.paused_because.startswith(RESTORED))


def keep(query, schedule, now, fields):
    """Write the schedule of a query, with a pause of its own lifted."""
    if is_broken(schedule):
        schedule.paused_at, schedule.paused_because = None, ""
        schedule.resumed_at = now
        forget_due(schedule, now)
    for name, value in fields.items():
        setattr(schedule, name, value)
    schedule.save()
    if query.schedule_id != schedule.pk:
        query.schedule = schedule
        query.save(update_fields=["schedule"])


def pause(schedule: Schedule, by: User, *, now: datetime | None = None) -> bool:
    """Start nothing until somebody resumes it. Return whether it was not paused before."""
    running = Schedule.objects.filter(pk=schedule.pk, paused_at=None)
    who = by.get_username()
    with transaction.atomic():
        fields = {"paused_by": by, "paused_because": f"{who} paused it."}
        if not running.update(paused_at=now or clock.now(), **fields):
            return False
        skip_waiting(schedule, f"{who} paused the schedule before this ran.")
    return True


def resume(schedule: Schedule, *, now: datetime | None = None) -> bool:
    """Go on with the first run from now; those of the pause are not made. Return whether it does.

    A pause in which no run was to start, the delay included, moves nothing.
    """
    now = now or clock.now()
    with transaction.atomic():
        paused = Schedule.objects.select_for_update().filter(pk=schedule.pk)
        schedule = paused.exclude(paused_at=None).first()
        if schedule is None or (schedule.follows and schedule.follows.upstream is None):
            return False
        forget_due(schedule, now)
        begun = now - timedelta(seconds=schedule.delay)
        if schedule.next_slot is None and not schedule.follows:
            schedule.next_slot = times_of(schedule).next(now)
        elif schedule.next_slot and schedule.next_slot <= begun:
            schedule.next_slot = times_of(schedule).next(begun)
        schedule.paused_at, schedule.paused_by, schedule.paused_because = None, None, ""
        schedule.resumed_at = now
        schedule.save()
    return True


def forget_due(schedule, now):
    """Drop what the pause kept from starting after other runs, or after a delay."""
    DueSlot.objects.filter(schedule=schedule, starts_at__lte=now).delete()


def unschedule(query: Query) -> None:
    """Take the query off its schedule. Jobs that run go on; those that wait are not run."""
    with transaction.atomic():
        query.refresh_from_db(fields=["schedule"])
        schedule, query.schedule = query.schedule, None
        if schedule:
            skip_waiting(schedule, "The schedule was taken away before this ran.")
            schedule.delete()


def check_zone(name):
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(
            "time zone", f"'{name}' is not known; use a name such as Europe/Berlin"
        ) from None
