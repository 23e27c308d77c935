"""Connecting to one of the addresses of a server that were checked."""

import errno
import os
import socket
import time

from integrations.delivery import Delivery
from integrations.transports.egress import Address

LOOK = 0.1  # seconds between looks at the stop signal
UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY, errno.EAGAIN)


def dial_first(addresses: list[Address], delivery: Delivery, seconds: float) -> socket.socket:
    """Return a socket to the first address that answers, each within so many seconds."""
    for address in addresses[:-1]:
        try:
            return dial(address, delivery, seconds)
        except OSError:
            continue
    return dial(addresses[-1], delivery, seconds)


def dial(address: Address, delivery: Delivery, seconds: float) -> socket.socket:
    """Return a socket that is connected to the address."""
    dialled = socket.socket(address.family, socket.SOCK_STREAM)
    dialled.settimeout(LOOK)
    deadline = time.monotonic() + seconds
    try:
        while (error := dialled.connect_ex(address.place)) in UNDER_WAY:
            delivery.check()
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(LOOK / 10)
        if error not in (0, errno.EISCONN):
            raise OSError(error, os.strerror(error))
    except BaseException:
        dialled.close()
        raise
    return dialled
