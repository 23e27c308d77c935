"""Putting a query on a schedule, and taking it off."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone as clock

from console.models import Query, Schedule
from console.schedules.cron import CronError, parse
from console.schedules.slots import next_slot


def schedule_query(
    query: Query, cron: str, timezone: str = "UTC", delay: int = 0, *, now: datetime | None = None
) -> Schedule | None:
    """Run the query at the times of a cron expression. An empty one takes it off its schedule.

    Saving what is there already moves nothing; a new time, or one that was paused, starts with
    its first slot from now.
    """
    if parse(cron).never:
        unschedule(query)
        return None
    check_zone(timezone)
    with transaction.atomic():
        query.refresh_from_db(fields=["schedule"])  # A tick or another window can have moved it.
        schedule = query.schedule or Schedule()
        same = (schedule.cron, schedule.timezone) == (cron, timezone)
        if not same or schedule.next_slot is None or schedule.paused_at:
            schedule.cron, schedule.timezone = cron, timezone
            schedule.next_slot = next_slot(cron, timezone, now or clock.now())
        schedule.delay, schedule.paused_at, schedule.paused_because = delay, None, ""
        schedule.save()
        if query.schedule_id != schedule.pk:
            query.schedule = schedule
            query.save(update_fields=["schedule"])
    return schedule


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
