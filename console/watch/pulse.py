"""The dispatcher's sign of life, and what it tells of a clock that was ahead."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from console import schedules
from console.models import Alarm, Delivered, Pulse
from console.notifications import wait_no_longer

logger = logging.getLogger(__name__)
DISPATCHER = "dispatcher"
AHEAD = timedelta(seconds=60)  # by which machines' clocks do not differ where they are kept


@transaction.atomic
def beat(now: datetime | None = None) -> None:
    """Give a sign of life. Where the last one is of the future, set right what is of it too."""
    now = now or timezone.now()
    last = Pulse.objects.filter(name=DISPATCHER).values_list("at", flat=True).first()
    if last and last - now > AHEAD:
        moved = set_right(now)
        logger.warning(
            "The clock was ahead by %s, or has been set back. %s schedules go on with their first "
            "slot from now; slots that ran early are not run again.",
            last - now,
            moved,
        )
    Pulse.objects.update_or_create(name=DISPATCHER, defaults={"at": now})


def set_right(now: datetime) -> int:
    """Let nothing wait until the clock is there again. Return how many schedules would have."""
    Delivered.objects.filter(slot__gt=now).update(slot=now)
    wait_no_longer(now)
    Alarm.objects.filter(began_at__gt=now).update(began_at=now)
    Alarm.objects.filter(told_at__gt=now).update(told_at=now)
    Pulse.objects.filter(at__gt=now).update(at=now)
    return schedules.set_back(now)
