"""Messages to webhooks from the outbox, each signed or in the shape of Slack."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from console.models import Notice, Query
from console.notifications import outbox
from console.notifications.payload import body_of, event, of_query
from integrations.delivery import Delivery
from integrations.errors import ExportError, Stopped, TransientError
from integrations.models import Webhook
from integrations.secrets import SecretUnreadable
from integrations.signatures import signed_headers
from integrations.transports.http import Client, Limits, Reply

# The answer's text is of no use: its status says all.
LIMITS = Limits(connect=5, silence=10, total=15, body=0)
BUDGET = 60  # seconds of one round
SLOW = 3  # seconds from which on a webhook gets one message in a round: others wait behind it
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Target:
    """Where a message goes, and how it is spoken there."""

    url: str = field(repr=False)
    shape: str
    secrets: list[str] = field(default_factory=list, repr=False)


def target_of(notice: Notice, now: datetime) -> Target | None:
    """Return where the message goes. One to no webhook in particular is for the installation's."""
    if notice.webhook:
        webhook = notice.webhook
        return Target(webhook.settings["url"], webhook.shape, webhook.secrets(now))
    return installation()


def installation() -> Target | None:
    """Return the webhook of the settings, or nothing."""
    if not settings.WEBHOOK_URL:
        return None
    if settings.WEBHOOK_SECRET:
        return Target(settings.WEBHOOK_URL, Webhook.Shape.SIGNED, [settings.WEBHOOK_SECRET])
    return Target(settings.WEBHOOK_URL, Webhook.Shape.SLACK)


def surroundings(stopped: Callable[[], bool] = lambda: False) -> Delivery:
    """Return what may be reached: the same as exports may."""
    return Delivery(networks=tuple(settings.EGRESS_NETWORKS), stopped=stopped)


def send_webhooks(now: datetime | None = None, stopped=lambda: False) -> int:
    """Send what waits for webhooks, for a minute at most. Return how many messages were taken."""
    now = now or timezone.now()
    messages = outbox.waiting(now).filter(outbox.TO_WEBHOOKS)
    keys = list(messages.values_list("pk", "webhook")[: outbox.AT_ONCE])
    until, taken, tired = time.monotonic() + BUDGET, 0, set()
    with Client(surroundings(stopped), LIMITS) as client:
        for pk, webhook in keys:
            if time.monotonic() > until or stopped():
                break
            if webhook not in tired and (notice := outbox.claimed(pk, now)):
                began = time.monotonic()
                well = take(notice, client, now)
                taken += well
                if not well or time.monotonic() - began > SLOW:
                    tired.add(webhook)
    return taken


def take(notice, client, now):
    """Send one message, or write down why that cannot be. Return whether it was taken."""
    if outbox.too_old(notice, now):
        return False
    try:
        target = target_of(notice, now)
        if target is None:
            outbox.give_up(notice, "CONSOLE_WEBHOOK_URL is not set any more.", now)
            return False
        post(notice, target, client).check()
    except (ExportError, SecretUnreadable) as error:
        refused(notice, error, now)
        return False
    except Stopped:
        return False  # It is sent again when the claim is over.
    outbox.sent(notice)
    return True


def refused(notice, error, now):
    why = " ".join(filter(None, (str(error), getattr(error, "remedy", ""))))
    if isinstance(error, TransientError):
        longest = outbox.LONGEST_WAIT.total_seconds()
        outbox.put_off(notice, why, now, min(error.after or 0, longest))
    elif isinstance(error, SecretUnreadable):  # until its key is back
        outbox.put_off(notice, why, now)
    else:
        outbox.give_up(notice, why, now)


def post(notice: Notice, target: Target, client: Client) -> Reply:
    """Send a message as it is spoken there, signed where that is asked for."""
    body = body_of(notice, target.shape)
    signed = {}
    if target.secrets:
        signed = signed_headers(target.secrets, notice.event["id"], int(time.time()), body)
    return client.post(target.url, body, JSON | signed)


def try_webhook(query: Query, target: Target) -> Reply:
    """Send a message that only says that the webhook works. Raise ExportError without an answer."""
    sentence = f"Messages about {query.name} reach this webhook."
    notice = Notice(
        kind=Notice.Kind.TEST,
        subject="The webhook works",
        body=sentence,
        event=event(Notice.Kind.TEST, sentence=sentence, query=of_query(query)),
    )
    with Client(surroundings(), LIMITS) as client:
        return post(notice, target, client)
