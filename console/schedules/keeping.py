"""Putting a query on a schedule, pausing that, and taking the query off."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone as clock

from console.jobs import skip_waiting
from console.models import DueSlot, Query, Schedule, Trigger
from console.schedules.chains import check_chain, lock_chains, spread_zone
from console.schedules.cron import CronError, parse
from console.schedules.slots import next_slot


def schedule_query(
    query: Query,
    cron: str,
    timezone: str = "UTC",
    delay: int = 0,
    *,
    now: datetime | None = None,
    **policies,
) -> Schedule | None:
    """Run the query at the times of a cron expression. An empty one takes it off its schedule.

    Saving what is there already moves nothing; a new time, or one that could not be followed,
    starts with its first slot from now. One that somebody paused stays paused. The policies are
    fields of the Schedule.
    """
    if parse(cron).never:
        unschedule(query)
        return None
    check_zone(timezone)
    now = now or clock.now()
    with transaction.atomic():
        lock_chains()
        query.refresh_from_db(fields=["schedule"])  # A tick or another window can have moved it.
        schedule = query.schedule or Schedule()
        same = (schedule.cron, schedule.timezone) == (cron, timezone)
        if not same or schedule.next_slot is None or is_broken(schedule):
            schedule.cron, schedule.timezone = cron, timezone
            schedule.next_slot = next_slot(cron, timezone, now)
        keep(query, schedule, now, {"delay": delay} | policies)
        if schedule.follows:
            schedule.trigger.delete()
            schedule.due_slots.all().delete()
            query.refresh_from_db(fields=["schedule"])
        spread_zone(query, timezone)
    return query.schedule


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
        schedule.cron, schedule.next_slot = "", None
        schedule.timezone = upstream.schedule.timezone if upstream.schedule else "UTC"
        keep(query, schedule, now, {"delay": delay} | policies)
        if before is None or before.query_id != upstream.pk:
            schedule.due_slots.all().delete()
        schedule.trigger, _ = Trigger.objects.update_or_create(
            schedule=schedule, defaults={"query": upstream, "by_hand": by_hand}
        )
        spread_zone(query, schedule.timezone)
    return schedule


def is_broken(schedule):
    """Return whether the schedule was paused, and not by somebody."""
    return bool(schedule.paused_at and not schedule.paused_by_id)


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
    """Go on with the first slot from now; those of the pause are not run. Return whether it does.

    A pause in which no slot came moves nothing.
    """
    now = now or clock.now()
    with transaction.atomic():
        paused = Schedule.objects.select_for_update().filter(pk=schedule.pk)
        schedule = paused.exclude(paused_at=None).first()
        if schedule is None or (schedule.follows and schedule.follows.upstream is None):
            return False
        if schedule.follows:
            forget_due(schedule, now)
        elif schedule.next_slot is None or schedule.next_slot <= now:
            schedule.next_slot = next_slot(schedule.cron, schedule.timezone, now)
        schedule.paused_at, schedule.paused_by, schedule.paused_because = None, None, ""
        schedule.resumed_at = now
        schedule.save()
    return True


def forget_due(schedule, now):
    """Drop what the pause kept from starting after other runs."""
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
