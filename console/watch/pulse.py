"""The dispatcher's sign of life, and what it tells of a clock that was ahead."""

import logging
import time
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from console import schedules
from console.jobs import bring_back
from console.models import Alarm, Delivered, Pulse
from console.notifications import wait_no_longer

logger = logging.getLogger(__name__)
DISPATCHER = "dispatcher"
AHEAD = timedelta(seconds=60)  # by which machines' clocks do not differ where they are kept
TOLD_SECONDS = 3600
SURE_SECONDS = 300  # in which another dispatcher gives a sign of life, and a new clock is set


class Heart:
    """Gives signs of life. Where the last one is of the future, a clock was ahead, or this one
    is behind: it waits until it is sure, and then sets right what is of that future too.
    """

    def __init__(self):
        self.future, self.since, self.told = None, 0.0, None

    def beat(self, now: datetime | None = None, steady: float | None = None) -> None:
        """Give a sign of life. `steady` are the seconds of a clock that nobody sets."""
        now = now or timezone.now()
        steady = time.monotonic() if steady is None else steady
        last = Pulse.objects.filter(name__in=(DISPATCHER, schedules.SLOTS)).aggregate(Max("at"))
        last = last["at__max"]
        ahead = last is not None and last - now > AHEAD
        if ahead and not self.is_sure(last, now, steady):
            return
        with transaction.atomic():
            if ahead:
                right = now - timedelta(seconds=steady - self.since)
                logger.warning(
                    "The clock was ahead by %s. %s schedules go on with their first slot since it "
                    "is right; slots that ran early are not run again.",
                    last - now,
                    set_right(right, now),
                )
            Pulse.objects.update_or_create(name=DISPATCHER, defaults={"at": now})

    def is_sure(self, future: datetime, now: datetime, steady: float) -> bool:
        """Return whether a sign of the future is of nobody who lives, and this clock can be right.

        One that is set to a time before this console was there is not.
        """
        if future != self.future:
            self.future, self.since = future, steady
            self.tell(future, now, steady)
        began = User.objects.aggregate(Min("date_joined"))["date_joined__min"]
        return steady - self.since >= SURE_SECONDS and (began is None or began <= now)

    def tell(self, future: datetime, now: datetime, steady: float) -> None:
        """Say once an hour that clocks differ."""
        if self.told is not None and steady - self.told < TOLD_SECONDS:
            return
        self.told = steady
        logger.warning(
            "The last sign of life of a dispatcher is of %s UTC, and this clock says %s UTC: one "
            "of the two is wrong, or was. If no other comes, what waits for that time is brought "
            "back in %s minutes.",
            *(f"{each:%Y-%m-%d %H:%M:%S}" for each in (future, now)),
            SURE_SECONDS // 60,
        )


def set_right(since: datetime, now: datetime) -> int:
    """Let nothing wait until the clock is there again. Return how many schedules would have."""
    moved = schedules.set_back(since)
    bring_back(now)
    see_less(since)
    wait_no_longer(now)
    Alarm.objects.filter(began_at__gt=now).update(began_at=now)
    Alarm.objects.filter(told_at__gt=now).update(told_at=now)
    Pulse.objects.filter(at__gt=now).update(at=now)
    return moved


def see_less(since: datetime) -> None:
    """Let changes of the slots to come, those that wait for a delay too, be no older ones."""
    ahead = Delivered.objects.filter(slot__gt=since)
    for state in ahead.select_related("query__schedule__trigger"):
        schedule = state.query.schedule
        known = schedule and not schedule.follows  # What runs after others has their delays too.
        slot = since - timedelta(seconds=schedule.delay) if known else None
        Delivered.objects.filter(pk=state.pk).update(slot=slot)
