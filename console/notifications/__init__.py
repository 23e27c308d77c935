"""Messages to people: what happened to their queries, by e-mail, from an outbox."""

from console.notifications.events import tell_end, tell_pause, tell_stop
from console.notifications.outbox import mail_is_set_up, send_test, send_waiting, stuck

__all__ = [
    "mail_is_set_up",
    "send_test",
    "send_waiting",
    "stuck",
    "tell_end",
    "tell_pause",
    "tell_stop",
]
