"""Messages to people and webhooks: what happened to their queries, from an outbox."""

from console.notifications.administrators import administrators, tell_administrators
from console.notifications.direct import send_direct, ways
from console.notifications.events import tell_end, tell_pause, tell_stop
from console.notifications.hearing import heard_by, hearings, preview, shows
from console.notifications.mail import mail_is_set_up, send_test, send_waiting
from console.notifications.outbox import stuck, wait_no_longer
from console.notifications.trying import TooMany, try_mail
from console.notifications.webhooks import Target, send_webhooks, surroundings, try_webhook

__all__ = [
    "Target",
    "TooMany",
    "administrators",
    "heard_by",
    "hearings",
    "mail_is_set_up",
    "preview",
    "send_direct",
    "send_test",
    "send_waiting",
    "send_webhooks",
    "shows",
    "stuck",
    "surroundings",
    "tell_administrators",
    "tell_end",
    "tell_pause",
    "tell_stop",
    "try_mail",
    "try_webhook",
    "wait_no_longer",
    "ways",
]
