"""Wrong log-ins: five of them lock a user name for the address they came from, for a while."""

from hashlib import sha256

from django.core.cache import cache

TRIES = 5
SECONDS = 10 * 60


def locked(username, address):
    """Return whether this address must wait before it tries this user again."""
    return cache.get(key(username, address), 0) >= TRIES


def count_wrong(username, address):
    name = key(username, address)
    cache.set(name, cache.get(name, 0) + 1, SECONDS)


def forget(username, address):
    cache.delete(key(username, address))


def key(username, address):
    """Name the counter: hashed, so that any user name makes a valid and short name."""
    return "wrong-log-ins:" + sha256(f"{username.casefold()}\n{address}".encode()).hexdigest()
