"""How often one visitor and one address may ask: token buckets, in Redis where it is set, else in this process.

A bucket holds as many questions as may be asked in a minute and fills evenly. Both buckets give one, or neither does.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import redis
import structlog
from django.conf import settings
from django.utils.translation import gettext

from chatbot.models import Assistant
from chatbot.threads import in_thread
from knowledge.vector_store.circuit import Circuit

MINUTE_S = 60.0
# Requests for a person a minute from one address: each of them reaches somebody's inbox.
CONTACTS = 5
SEARCHES = 240
# Whoever is forgotten first has been away the longest, and their bucket is full again.
MOST_BUCKETS = 50_000
REDIS_TIMEOUT_S = 0.25
REDIS_PAUSE_S = 5.0
log = structlog.get_logger(__name__)
_circuit = Circuit(REDIS_PAUSE_S)

# Server time, so that processes with different clocks agree. Returns the seconds to wait, as text; "0": taken.
_TAKE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local wait, left = 0, {}
for i, key in ipairs(KEYS) do
  local size = tonumber(ARGV[i])
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = math.min(size, (tonumber(kept[1]) or size) + (now - (tonumber(kept[2]) or now)) * size / 60)
  if tokens < 1 then wait = math.max(wait, (1 - tokens) * 60 / size) end
  left[i] = tokens - 1
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('HSET', key, 'tokens', left[i], 'at', now)
    redis.call('EXPIRE', key, 120)
  end
end
return tostring(wait)
"""


class LimitedError(Exception):
    """Too many questions in a short time; the message is for the visitor."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            gettext("You have asked a lot in a short time. Try again in %(seconds)s s.") % {"seconds": retry_after_s}
        )
        self.retry_after_s = retry_after_s


class Bucket(NamedTuple):
    """Whose bucket it is, and how many questions it holds."""

    key: str
    size: int


def take(visitor: str, address: str, *, key: str = "", assistant: Assistant | None = None) -> None:
    """Count a question of this visitor, from this address, by this key, to this assistant; LimitedError for too many.

    Each may be empty, where it is not known or does not apply.
    """
    sizes = (
        (f"visitor:{visitor}", settings.LIMIT_VISITOR_PER_MINUTE),
        (f"address:{address}", settings.LIMIT_ADDRESS_PER_MINUTE),
        (f"key:{key}", settings.LIMIT_KEY_PER_MINUTE),
        (f"assistant:{assistant.pk}", assistant.asks_per_minute or 0) if assistant else ("", 0),
    )
    buckets = [Bucket(key, size) for key, size in sizes if size > 0 and not key.endswith(":")]
    if not buckets:
        return
    wait_s = _wait(buckets)
    if wait_s > 0:
        raise LimitedError(math.ceil(wait_s))


def take_contact(address: str) -> None:
    """Count a contact request from this address; raises LimitedError for one too many."""
    _take_one(f"contact:{address}", CONTACTS if address else 0)


def take_search(address: str) -> None:
    """Count a search in the help centre, of which typing makes many; raises LimitedError for one too many."""
    _take_one(f"search:{address}", SEARCHES if address else 0)


def take_vote(address: str, entry: str) -> None:
    """Count a vote for an entry; raises LimitedError for a second one within a minute."""
    _take_one(f"vote:{entry}:{address}", 1 if address else 0)


def _take_one(key: str, size: int) -> None:
    if settings.LIMIT_ADDRESS_PER_MINUTE and size and (wait_s := _wait([Bucket(key, size)])) > 0:
        raise LimitedError(math.ceil(wait_s))


async def atake(visitor: str, address: str, *, key: str = "", assistant: Assistant | None = None) -> None:
    """Do as `take`, off the event loop where Redis is asked."""
    if settings.REDIS_URL:
        await in_thread(take)(visitor, address, key=key, assistant=assistant)
    else:
        take(visitor, address, key=key, assistant=assistant)


def _wait(buckets: Sequence[Bucket]) -> float:
    if settings.REDIS_URL and not _circuit.is_open():
        try:
            wait_s = _wait_in_redis(settings.REDIS_URL, buckets)
        except redis.RedisError as error:
            _circuit.failed()
            log.warning("limits_without_redis", reason=str(error)[:200])
        else:
            _circuit.succeeded()
            return wait_s
    return memory.take(buckets)


def _wait_in_redis(url: str, buckets: Sequence[Bucket]) -> float:
    script = _script(url)
    return float(script(keys=[f"candor:limit:{b.key}" for b in buckets], args=[b.size for b in buckets]))


@lru_cache(4)
def _script(url: str) -> "redis.commands.core.Script":
    client = redis.Redis.from_url(url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
    return client.register_script(_TAKE)


class Memory:
    """The buckets of this process; safe in threads, of bounded size."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, buckets: Sequence[Bucket]) -> float:
        """Take one of each, or none; returns the seconds to wait, 0 where it was taken."""
        with self._lock:
            now = self._clock()
            held = {bucket: self._held(bucket, now) for bucket in buckets}
            wait_s = max((1 - tokens) * MINUTE_S / bucket.size for bucket, tokens in held.items())
            if wait_s > 0:
                return wait_s
            for bucket, tokens in held.items():
                self._kept[bucket.key] = (tokens - 1, now)
                self._kept.move_to_end(bucket.key)
            while len(self._kept) > MOST_BUCKETS:
                self._kept.popitem(last=False)
            return 0.0

    def forget(self) -> None:
        """Fill all buckets (tests)."""
        with self._lock:
            self._kept.clear()

    def _held(self, bucket: Bucket, now: float) -> float:
        tokens, at = self._kept.get(bucket.key, (float(bucket.size), now))
        return min(float(bucket.size), tokens + (now - at) * bucket.size / MINUTE_S)


memory = Memory()
