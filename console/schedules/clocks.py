"""What a clock on the wall shows, as instants, over the changes that are made to it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def existing(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant of a time of day, or of the next one that a clock shows."""
    while True:
        instant = wall.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == wall:
            return instant
        wall += MINUTE


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what a clock shows at an instant, to the minute."""
    return instant.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0, fold=0)
