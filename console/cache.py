"""The cache in Redis, where one is set up: what fails there is a CacheAway."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache.backends.redis import RedisCache


class CacheAway(Exception):
    """The cache cannot be reached now."""


@contextmanager
def told() -> Iterator[None]:
    from redis.exceptions import RedisError  # Most consoles have none.

    try:
        yield
    except RedisError as error:
        raise CacheAway(f"Redis does not answer: {error}") from None


class Redis(RedisCache):
    """Django's own, with errors that its users need no library to catch."""

    def get(self, *arguments, **named):
        with told():
            return super().get(*arguments, **named)

    def set(self, *arguments, **named):
        with told():
            return super().set(*arguments, **named)

    def delete(self, *arguments, **named):
        with told():
            return super().delete(*arguments, **named)
