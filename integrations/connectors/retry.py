"""Trying again: after transient errors only, with waits that grow and end at once when stopped."""

import time
from collections.abc import Callable

from integrations.delivery import Delivery
from integrations.errors import TransientError

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds
LOOK = 0.1  # seconds between looks at the stop signal


def retrying(
    attempt: Callable,
    limit: int,
    delivery: Delivery,
    waits: tuple[float, float] | None = None,
):
    """Return attempt(), called again after a transient error up to `limit` times.

    The first wait and the longest one are the usual, or those that a receiver asks for.

    Errors that are worth fewer tries are counted by themselves: what failed before for another
    reason says nothing of them.
    """
    number = few = 0
    while True:
        delivery.check()
        try:
            return attempt()
        except TransientError as error:
            number += 1
            few += error.retries is not None
            tries = limit if error.retries is None else min(limit, number - few + error.retries)
            if number > tries:
                raise
            first, longest = waits or (FIRST_WAIT, LONGEST_WAIT)
            wait = max(min(first * 2 ** (number - 1), longest), error.after or 0)
            seconds = f"{wait:g} second{'' if wait == 1 else 's'}"
            delivery.log(f"{error} Retrying {number}/{tries} after {seconds}.")
            pause(wait, delivery)


def pause(seconds: float, delivery: Delivery) -> None:
    """Wait, unless the delivery is stopped. Raise Stopped then."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        delivery.check()
        time.sleep(min(left, LOOK))
