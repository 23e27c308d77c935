"""Putting a query on a schedule, pausing that, and taking the query off."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone as clock

from console.models import Query, Schedule
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
    with transaction.atomic():
        query.refresh_from_db(fields=["schedule"])  # A tick or another window can have moved it.
        schedule = query.schedule or Schedule()
        same = (schedule.cron, schedule.timezone) == (cron, timezone)
        broken = schedule.paused_at and not schedule.paused_by_id
        if not same or schedule.next_slot is None or broken:
            schedule.cron, schedule.timezone = cron, timezone
            schedule.next_slot = next_slot(cron, timezone, now or clock.now())
        if broken:
            schedule.paused_at, schedule.paused_because = None, ""
            schedule.resumed_at = now or clock.now()
        for name, value in ({"delay": delay} | policies).items():
            setattr(schedule, name, value)
        schedule.save()
        if query.schedule_id != schedule.pk:
            query.schedule = schedule
            query.save(update_fields=["schedule"])
    return schedule


def pause(schedule: Schedule, by: User, *, now: datetime | None = None) -> bool:
    """Start nothing until somebody resumes it. Return whether it was not paused before."""
    running = Schedule.objects.filter(pk=schedule.pk, paused_at=None)
    why = f"{by.get_username()} paused it."
    return bool(running.update(paused_at=now or clock.now(), paused_by=by, paused_because=why))


def resume(schedule: Schedule, *, now: datetime | None = None) -> bool:
    """Go on with the first slot from now; those of the pause are not run. Return whether it does.

    A pause in which no slot came moves nothing.
    """
    now = now or clock.now()
    with transaction.atomic():
        paused = Schedule.objects.select_for_update().filter(pk=schedule.pk)
        schedule = paused.exclude(paused_at=None).first()
        if schedule is None:
            return False
        if schedule.next_slot is None or schedule.next_slot <= now:
            schedule.next_slot = next_slot(schedule.cron, schedule.timezone, now)
        schedule.paused_at, schedule.paused_by, schedule.paused_because = None, None, ""
        schedule.resumed_at = now
        schedule.save()
    return True


def unschedule(query: Query) -> None:
    """Take the query off its schedule. Jobs that were made stay."""
    with transaction.atomic():
        query.refresh_from_db(fields=["schedule"])
        schedule, query.schedule = query.schedule, None
        if schedule:
            schedule.delete()


def check_zone(name):
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(
            "time zone", f"'{name}' is not known; use a name such as Europe/Berlin"
        ) from None
