"""Replies' events in Redis Streams, so that another web process can go on with them.

Event number n of a reply has the id `n-0`, so nothing is lost or doubled whoever reads where. The process that makes a
reply needs none of this: where Redis is away, its own readers notice nothing, and others wait for the row.
"""

import asyncio
import uuid
import weakref
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, cast

import redis.asyncio
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from chatbot.events import Event, Finished
from chatbot.streams.coding import decode, encode
from chatbot.streams.memory import KEEP_S, Numbered
from knowledge.vector_store.circuit import Circuit

TIMEOUT_S = 0.5
PAUSE_S = 5.0
POLL_S = 0.1
log = structlog.get_logger(__name__)
_circuit = Circuit(PAUSE_S)
_clients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[str, redis.asyncio.Redis]]" = (
    weakref.WeakKeyDictionary()
)


async def mirror(reply_id: uuid.UUID, batches: AsyncIterator[list[Numbered]]) -> None:
    """Write a reply's events to Redis as they come; ends with them, or for good when Redis fails."""
    async for batch in batches:
        if not batch:
            continue
        if not is_on() or not await _append(reply_id, batch):
            return


async def relay(reply_id: uuid.UUID) -> AsyncIterator[Event]:
    """Yield the events of a reply that another process makes, from the first, up to its last.

    Ends before the last where Redis is not set, does not answer, or has lost what came before.
    """
    after = 0
    while is_on():
        batch = await _read(reply_id, after)
        if batch is None or (batch and batch[0][0] != after + 1):
            return
        for number, event in batch:
            after = number
            yield event
            if isinstance(event, Finished):
                return
        if not batch:
            await asyncio.sleep(POLL_S)


async def forget(reply_ids: Sequence[uuid.UUID]) -> None:
    """Drop replies' events from Redis; they would go by themselves after ten minutes."""
    if not (reply_ids and is_on()):
        return
    try:
        await cast(Awaitable[Any], _client().delete(*map(_key, reply_ids)))
    except (RedisError, OSError) as error:
        _failed(error)


def is_on() -> bool:
    """Whether there is a Redis to use, as far as is known."""
    return bool(settings.REDIS_URL) and not _circuit.is_open()


async def _append(reply_id: uuid.UUID, batch: Sequence[Numbered]) -> bool:
    try:
        async with _client().pipeline(transaction=False) as pipe:
            for number, event in batch:
                pipe.xadd(_key(reply_id), {"event": encode(event)}, id=f"{number}-0")
            pipe.expire(_key(reply_id), int(KEEP_S))
            await pipe.execute()
    except (RedisError, OSError) as error:
        _failed(error)
        return False
    _circuit.succeeded()
    return True


async def _read(reply_id: uuid.UUID, after: int) -> list[Numbered] | None:
    try:
        rows: list[tuple[bytes, dict[bytes, bytes]]] = await cast(
            Awaitable[Any], _client().xrange(_key(reply_id), min=f"({after}-0")
        )
    except (RedisError, OSError) as error:
        _failed(error)
        return None
    _circuit.succeeded()
    found = ((int(row_id.split(b"-")[0]), decode(fields.get(b"event", b""))) for row_id, fields in rows)
    return [(number, event) for number, event in found if event is not None]


def _failed(error: Exception) -> None:
    _circuit.failed()
    log.warning("streams_without_redis", reason=str(error)[:200])


def _key(reply_id: uuid.UUID) -> str:
    return f"candor:reply:{reply_id.hex}"


def _client() -> "redis.asyncio.Redis":
    """This event loop's client; another one where the setting has changed."""
    loop = asyncio.get_running_loop()
    known = _clients.get(loop)
    if known and known[0] == settings.REDIS_URL:
        return known[1]
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, max_connections=50
    )
    _clients[loop] = settings.REDIS_URL, client
    return client
