"""Wrong log-ins: five lock a user name for an address, and fifty lock the address, for a while.

An address of IPv6 stands for its network, as far as it is one customer's.
"""

import fcntl
import time
from contextlib import contextmanager
from hashlib import sha256
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache

TRIES = 5
TRIES_OF_ADDRESS = 50  # over all user names
SECONDS = 10 * 60
OF_ONE = 64  # bits of an address of IPv6 that a network shares


def begin(username, address):
    """Count a try, before the password is looked at. Return whether it may be made."""
    limits = {key(username, address): TRIES, key("", address): TRIES_OF_ADDRESS}
    with alone():
        if any(counted(name)[0] >= limit for name, limit in limits.items()):
            return False
        for name in limits:
            add(name, 1)
    return True


def forget(username, address):
    """Take back the try that was right, and the wrong ones before it of that user name."""
    with alone():
        cache.delete(key(username, address))
        add(key("", address), -1)


@contextmanager
def alone():
    """Keep other processes and threads from counting: the cache has no atomic way to."""
    with (settings.HOME / "log-ins.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def counted(name):
    """Return how many tries there were, and when they are forgotten."""
    return cache.get(name) or (0, time.time() + SECONDS)


def add(name, number):
    count, end = counted(name)
    cache.set(name, (max(0, count + number), end), end - time.time())


def address_of(request):
    """Return where a request came from: behind a trusted proxy, what that proxy saw."""
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.HTTPS else ""
    return network_of(hops.rpartition(",")[2].strip() or request.META["REMOTE_ADDR"])


def network_of(address: str) -> str:
    """Return whose tries count together: whoever has an address of IPv6 has 2 ** 64 of them."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(found.ipv4_mapped or ip_network((found, OF_ONE), strict=False))


def key(username, address):
    """Name the counter: hashed, so that any user name makes a valid and short name."""
    return "log-ins:" + sha256(f"{username.casefold()}\n{address}".encode()).hexdigest()
