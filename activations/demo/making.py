"""Making the demo of the studio: its customers first, and what needs them once they are built."""

import time
from datetime import UTC, datetime

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from activations.demo import deliveries, segments
from activations.demo.deliveries import WITHOUT_IDENTITY
from activations.models import Activation, ParentSegment
from activations.parents import demo
from activations.segments.usable import audience_for
from console import jobs
from console.access import MARKETER
from console.demo.past import each_day, make_up
from console.models import Job

PATIENCE = 120  # seconds that the first refresh may take
LOOK = 0.1


class NotMade(Exception):
    """Part of the demo could not be made: why, in a sentence."""


def begin() -> ParentSegment | None:
    """Make the parent segment of the demo for the marketer, and begin its first refresh."""
    owner = User.objects.filter(username=MARKETER).first()
    if owner and demo.can_make(owner):
        demo.make(owner, readers=Group.objects.filter(name=MARKETER))
    return ParentSegment.objects.filter(name=demo.NAME).first()


def finish(parent: ParentSegment, now: datetime | None = None) -> list[Activation]:
    """Make the segments and activations that are missing, and run each activation once.

    Return the activations that are new. Raise NotMade where there are no customers.
    """
    wait_for_customers(parent)
    found = segments.make(parent)
    with transaction.atomic():
        made = deliveries.make(parent, found)
        make_up(earlier_runs(made, now or datetime.now(UTC)))
        for activation in made.values():
            run(activation)
    return list(made.values())


def wait_for_customers(parent):
    """Wait for the end of the refresh that is under way."""
    deadline = time.monotonic() + PATIENCE
    last = parent.query.jobs.order_by("-pk").first()
    while last and not last.settled and time.monotonic() < deadline:
        time.sleep(LOOK)
        last.refresh_from_db(fields=["status", "held_because", "error"])
    if audience_for(parent, parent.owner) is None:
        why = last.error if last and last.status == Job.Status.ERROR else "It is not refreshed yet."
        raise NotMade(f"{parent.name} has no customers, so nothing is made of them. {why}")


def earlier_runs(made, now):
    """Return the runs that the activations are to have behind them; the failing one has none."""
    return [
        run
        for name, activation in made.items()
        if name != WITHOUT_IDENTITY.name
        for run in each_day(activation.query, activation.segment.customers or 0, now, hour=6)
    ]


def run(activation):
    """Run an activation as its schedule does: what fails counts, and what works is heard of."""
    query = activation.query
    slot = timezone.now().replace(microsecond=0)
    return jobs.submit_query(query, schedule=query.schedule, slot=slot)
