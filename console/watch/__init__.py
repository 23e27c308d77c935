"""Whether what runs unattended does run, and who is told where it does not."""

from console.watch.alarms import look, look_at_backup
from console.watch.guard import keep_watch
from console.watch.heartbeat import call_outside
from console.watch.pulse import Heart
from console.watch.state import BACKUP, backed_up, figures, is_late, late, short_of_room, ticking

__all__ = [
    "BACKUP",
    "Heart",
    "backed_up",
    "call_outside",
    "figures",
    "is_late",
    "keep_watch",
    "late",
    "look",
    "look_at_backup",
    "short_of_room",
    "ticking",
]
