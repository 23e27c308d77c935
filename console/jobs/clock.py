"""The clock of the database, which can be set while jobs run: forward, or back."""

import time
from datetime import datetime, timedelta

from django.db.models.functions import Now

from console.jobs.ending import JITTER, LONGEST_WAIT
from console.jobs.lease import SECONDS as LEASE
from console.models import Job, Pulse

SUDDEN = 10  # seconds by which two clocks differ for other reasons: a look that took its time


class Clock:
    """Notices that the clock was set forward since the last look, by one that nobody sets."""

    def __init__(self):
        self.seen = None  # the clock's time, and the seconds of the other one

    def look(self) -> None:
        """Give each lease its whole time anew where the clock was set forward.

        By that clock all leases are over, those of the living too: they had no time to renew them.
        """
        pulses = Pulse.objects.annotate(now=Now()).values_list("now", flat=True)
        if (now := pulses.first()) and self.leapt(now, time.monotonic()):
            running = Job.objects.filter(status=Job.Status.RUNNING)
            running.update(lease_until=Now() + timedelta(seconds=LEASE))

    def leapt(self, now: datetime, steady: float) -> bool:
        before, self.seen = self.seen, (now, steady)
        if before is None:
            return False
        passed = (now - before[0]).total_seconds()
        return passed - (steady - before[1]) > SUDDEN


def shorten(now) -> None:
    """Let nothing last longer than it can: after a clock was set back, times lie far ahead."""
    longest = now + timedelta(seconds=LEASE)
    running = Job.objects.filter(status=Job.Status.RUNNING, lease_until__gt=longest)
    running.update(lease_until=longest)
    longest = now + timedelta(seconds=LONGEST_WAIT * (1 + JITTER))
    Job.objects.filter(status=Job.Status.QUEUED, not_before__gt=longest).update(not_before=longest)


def bring_back(now: datetime) -> None:
    """Let no job have begun or ended in a future that a clock saw which was ahead."""
    for field in ("started_at", "ended_at"):
        Job.objects.filter(**{f"{field}__gt": now}).update(**{field: now})
