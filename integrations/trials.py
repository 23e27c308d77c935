"""Connection tests: a connector's steps, taken from this server, within a time limit."""

import time
from dataclasses import asdict

from django.conf import settings
from django.utils import timezone

from integrations import threads
from integrations.connectors.base import Step
from integrations.delivery import Delivery
from integrations.errors import Stopped
from integrations.models import Authentication, PinnedHosts

SECONDS = 50  # less than what a page waits for


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


def run_stored(authentication):
    """Test a stored authentication, keep what came of it, and return the steps.

    Where its credentials are others meanwhile, nothing is kept of those of before. Raises
    SecretUnreadable or Busy.
    """
    steps, now = run(authentication.connector, authentication.settings), timezone.now()
    tested = Authentication.objects.filter(pk=authentication.pk, sealed=authentication.sealed)
    if not tested.update(test_steps=steps, tested_at=now):
        return [*steps, asdict(outdated())]
    authentication.test_steps, authentication.tested_at = steps, now
    return steps


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
