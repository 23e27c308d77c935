"""Signals that ask a sandbox to end."""

import signal
from collections.abc import Callable

SIGNALS = signal.SIGINT, signal.SIGTERM


def when_told_to_end(stop: Callable[[], None]) -> None:
    """Call stop at the first signal. A second one, in the midst of that, has nothing to add."""

    def handle(*_):
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        stop()

    for each in SIGNALS:
        signal.signal(each, handle)
