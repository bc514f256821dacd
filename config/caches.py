"""Django's caches: in Redis where there is one, else in the process."""

from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

# A visitor waits for this at most once, then nobody asks for a while.
TIMEOUT_S = 0.25
DAY_S = 86_400


class RawBytes:
    """Stores bytes as they are: nothing from Redis is ever unpickled here."""

    def dumps(self, value: bytes) -> bytes:
        """Return the value."""
        return value

    def loads(self, data: bytes) -> bytes:
        """Return the data."""
        return data


def cache_settings(redis_url: str) -> dict[str, dict[str, Any]]:
    """Return CACHES. "vectors" is there with Redis only: without it a process remembers its own."""
    if not redis_url:
        return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    backend = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url}
    limits = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S, "retry": Retry(NoBackoff(), 0)}
    vectors = {"KEY_PREFIX": "vectors", "TIMEOUT": DAY_S, "OPTIONS": {**limits, "serializer": RawBytes}}
    return {"default": backend, "vectors": backend | vectors}
