"""How an activation stands: whether it runs by itself, when, and why not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.models import User

from activations.models import Activation
from console.models import Job
from console.schedules.chains import course, shown_to

WORDS = {  # never colour alone
    "running": ("run", "▶", "Running"),
    "held": ("warn", "◇", "Held"),
    "paused": ("warn", "■", "Paused"),
    "scheduled": ("ok", "●", "Scheduled"),
    "ended": ("muted", "◆", "Ended"),
    "unscheduled": ("muted", "○", "Not scheduled"),
}


@dataclass(frozen=True)
class Coming:
    """When the next run is to be expected, and where nothing is, why."""

    at: datetime | None
    after: str = ""  # what it runs after
    why_none: str = ""


def state_of(activation: Activation, last: Job | None) -> str:
    """Return how an activation stands, as a key of WORDS."""
    schedule = activation.query.schedule
    if last and last.held:
        return "held"
    if last and not last.finished:
        return "running"
    if schedule is None:
        return "unscheduled"
    if schedule.ended:
        return "ended"
    return "paused" if schedule.paused_at else "scheduled"


def coming(activation: Activation, user: User) -> Coming | None:
    """Return the next run of an activation that has a schedule and is not paused, for the user.

    They need not be allowed to see what it runs after.
    """
    schedule = activation.query.schedule
    if schedule is None or schedule.paused_at:
        return None
    called = partial(shown_to, user)
    found = course(schedule, called)
    at = found.next_slot and found.next_slot + timedelta(seconds=found.delay)
    after = schedule.follows and schedule.follows.query
    return Coming(at, called(after) if after else "", found.why_none)


def may_test(activation: Activation) -> bool:
    """Return whether the pause is the console's own: it is tested before it goes on."""
    schedule = activation.query.schedule
    return bool(schedule and schedule.paused_at and not schedule.paused_by_id)
