"""After a request without an answer: nothing more is sent until CleverTap answers something."""

import threading
from collections.abc import Callable

from integrations.connectors.clevertap.answers import CREDENTIALS, parsed, said_by
from integrations.connectors.clevertap.api import Api
from integrations.connectors.clevertap.trial import HARMLESS, NOTHING
from integrations.errors import TransientError

FEW = 4  # requests without an answer that are borne beside twice those that are sent at once
RELIEF = 0.05  # of a request without an answer, that each one with an answer makes up for


class Unheard(TransientError):
    """CleverTap leaves requests without an answer, so that no more are sent for now."""

    def __init__(self, message, *, remedy=""):
        super().__init__(message, remedy=remedy, retries=0)  # Enough was tried.


class Silence:
    """Requests without an answer, and whether CleverTap has answered since."""

    def __init__(self, at_once: int, *, doubtful: bool):
        self.lock, self.asking = threading.Lock(), threading.Lock()
        self.unanswered, self.outlived = int(doubtful), 0
        self.burden, self.most = 0.0, FEW + 2 * at_once

    def add(self) -> None:
        """Count a request that got no answer."""
        with self.lock:
            self.unanswered += 1
            self.burden += 1

    def ease(self) -> None:
        """Count a request that got one."""
        with self.lock:
            self.burden = max(self.burden - RELIEF, 0.0)

    def end(self, be_heard: Callable[[], None]) -> None:
        """Return once CleverTap has answered since the last silence. One asks, the others wait."""
        if self.unanswered == self.outlived:
            return
        with self.asking:
            if (until := self.unanswered) == self.outlived:
                return
            if self.burden > self.most:
                raise Unheard("CleverTap leaves too many requests without an answer.")
            be_heard()
            self.outlived = until


def ask(api: Api) -> None:
    """Send what changes nothing. Raise ExportError where CleverTap does not answer it."""
    reply = api.post(HARMLESS, NOTHING)
    if reply.succeeded:
        heard = parsed(reply) is not None
    else:
        heard = not (reply.refusal().transient or reply.status in CREDENTIALS)
    if not heard:
        said_by(reply)
