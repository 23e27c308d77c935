"""What it looks like when the console's own database is away, and how long to wait for it."""

from django.db import InterfaceError, OperationalError

OUTAGES = (OperationalError, InterfaceError)
PAUSE = 0.5  # seconds between tries
