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

    Saving what is there already moves nothing; a new time starts with its first slot from now.
    """
    if parse(cron).never:
        unschedule(query)
        return None
    check_zone(timezone)
    with transaction.atomic():
        schedule = query.schedule or Schedule()
        if (schedule.cron, schedule.timezone) != (cron, timezone) or schedule.next_slot is None:
            schedule.cron, schedule.timezone = cron, timezone
            schedule.next_slot = next_slot(cron, timezone, now or clock.now())
        schedule.delay = delay
        schedule.save()
        if query.schedule_id != schedule.pk:
            query.schedule = schedule
            query.save(update_fields=["schedule"])
    return schedule


def unschedule(query: Query) -> None:
    """Take the query off its schedule. Jobs that were made stay."""
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
