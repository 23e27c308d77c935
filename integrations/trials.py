"""Connection tests: a connector's steps, taken from this server, within a time limit."""

import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations import threads
from integrations.connectors.base import Step
from integrations.delivery import Delivery
from integrations.errors import Stopped
from integrations.models import Authentication, ConnectionTest, PinnedHosts

SECONDS = 50  # less than what a page waits for
KEPT = 20  # tests of an authentication, the latest


@dataclass(frozen=True)
class Trial:
    """A connection test that was made."""

    steps: list[dict]
    at: datetime  # when it ended
    took: timedelta


def timed(connector, settings):
    """Make a connection test and return it, with the time it took. Raises Busy."""
    begun = time.monotonic()
    steps = run(connector, settings)
    return Trial(steps, timezone.now(), timedelta(seconds=time.monotonic() - begun))


def run(connector, authentication):
    """Return the steps of a connection test, as JSON. Raises Busy where many are made."""
    deadline = time.monotonic() + SECONDS
    delivery = Delivery(
        known_hosts=PinnedHosts(),
        networks=tuple(settings.EGRESS_NETWORKS),
        stopped=lambda: time.monotonic() > deadline,
    )
    steps = []
    with threads.place():
        try:
            for step in connector(authentication).test(delivery):
                steps.append(asdict(step))
        except Stopped:
            steps.append(asdict(out_of_time()))
    return steps


def out_of_time():
    return Step(
        "time limit",
        "failed",
        f"The test was ended after {SECONDS} seconds without an answer.",
        "Check host and port, and whether a firewall is in the way.",
    )


def run_stored(authentication, by):
    """Test a stored authentication for somebody, keep what came of it, and return the steps.

    Where its credentials are others meanwhile, nothing is kept of those of before. Raises
    SecretUnreadable or Busy.
    """
    trial = timed(authentication.connector, authentication.settings)
    tested = Authentication.objects.filter(pk=authentication.pk, sealed=authentication.sealed)
    told = {"test_steps": trial.steps, "tested_at": trial.at}
    with transaction.atomic():
        if tested.filter(tested_at=None).update(**told):  # The first of these credentials.
            authentication.tests.update(outdated=True)
        elif not tested.update(**told):
            return [*trial.steps, asdict(outdated())]
        note(authentication, trial, by)
    authentication.test_steps, authentication.tested_at = trial.steps, trial.at
    return trial.steps


def note(authentication, trial, by):
    """Add a test to the history of the authentication, which keeps the latest."""
    failed = next((step for step in trial.steps if step["outcome"] == "failed"), None)
    ConnectionTest.objects.create(
        authentication=authentication,
        by=by,
        at=trial.at,
        took=trial.took,
        failed=failed["name"] if failed else "",
        sentence=failed["detail"] if failed else "",
    )
    kept = authentication.tests.values_list("pk", flat=True)[:KEPT]
    authentication.tests.exclude(pk__in=list(kept)).delete()


def outdated():
    return Step(
        "credentials",
        "failed",
        "They were changed or deleted during the test, which is of those of before.",
        "Test again.",
    )


def outcome(steps):
    """Return whether the test passed, failed, or was not made."""
    if not steps:
        return ""
    return "failed" if any(step["outcome"] == "failed" for step in steps) else "passed"
