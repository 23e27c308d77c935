"""The phases of a running job, and how long each takes."""

import time
from contextlib import contextmanager

from console.jobs.lease import Lease
from integrations.errors import Stopped


@contextmanager
def phase(lease: Lease, name: str, seconds: dict):
    """Show the phase while it lasts, and keep its seconds."""
    enter(lease, name)
    began = time.monotonic()
    yield
    seconds[str(name)] = round(time.monotonic() - began, 3)


def enter(lease: Lease, name: str) -> None:
    """Show the phase. Raise Stopped where the job is not, or not any more, to be run here."""
    lease.progress = None
    if lease.stopped() or not lease.own().update(phase=name, progress=None):
        raise Stopped
