"""The events of replies in the making, in this process's memory."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from chatbot.events import Event, Finished

KEEP_S = 600.0
MAX_REPLIES = 2_000
MAX_CHARACTERS = 256_000
HEARTBEAT_S = 15.0
# Looking for what has been kept for long enough takes longer, the more there is: not for every question.
TIDY_EVERY_S = 5.0

Publish = Callable[[Event], None]
Producer = Callable[[Publish], Awaitable[None]]
Numbered = tuple[int, Event]


class TooManyRepliesError(Exception):
    """As many replies as this process may hold are being made right now."""


@dataclass
class _Log:
    events: list[Event] = field(default_factory=list)
    characters: int = 0
    ended_at: float | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None  # the loop itself keeps only a weak reference
    readers: int = 0
    read_at: float = field(default_factory=time.monotonic)

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Streams:
    """Event logs by reply; to be used from one event loop."""

    def __init__(self) -> None:
        self._logs: dict[uuid.UUID, _Log] = {}
        self._tidied_at = 0.0

    def start(self, reply_id: uuid.UUID, producer: Producer) -> None:
        """Run `producer` once per reply, however often this is called; TooManyRepliesError when there is no room."""
        if reply_id in self._logs:
            return
        self._make_room()
        log = self._logs[reply_id] = _Log()
        log.task = asyncio.create_task(self._run(reply_id, log, producer))

    def publish(self, reply_id: uuid.UUID, event: Event) -> None:
        """Add an event and wake the readers; beyond 256,000 characters only the last event is still taken."""
        log = self._logs[reply_id]
        log.characters += len(repr(event))
        if log.characters > MAX_CHARACTERS and not isinstance(event, Finished):
            return
        log.events.append(event)
        log.wake()

    async def follow(
        self, reply_id: uuid.UUID, after: int = 0, *, heartbeat_s: float = HEARTBEAT_S, reads: bool = True
    ) -> AsyncGenerator[list[Numbered], None]:
        """Yield what came after event number `after` (the first is 1), all there is at a time, until the end.

        An empty list means that nothing came for `heartbeat_s`; a reply unknown here ends at once. `reads=False` is for
        those who only pass events on: nobody is reading for them.
        """
        log = self._logs.get(reply_id)
        if log is None:
            return
        log.readers += reads
        try:
            while True:
                changed, ended = log.changed, log.ended_at is not None
                if fresh := list(enumerate(log.events[after:], start=after + 1)):
                    after += len(fresh)
                    yield fresh
                elif ended:
                    return
                elif not await _happens(changed, heartbeat_s):
                    yield []
        finally:
            log.readers -= reads
            log.read_at = max(log.read_at, time.monotonic()) if reads else log.read_at

    def touch(self, reply_id: uuid.UUID) -> None:
        """Note that somebody has just looked at a reply without following it."""
        if log := self._logs.get(reply_id):
            log.read_at = time.monotonic()

    def unread_s(self, reply_id: uuid.UUID) -> float:
        """Return for how many seconds nobody has been reading a reply here; 0 while somebody is."""
        log = self._logs.get(reply_id)
        if log is None:
            return float("inf")
        return 0.0 if log.readers else time.monotonic() - log.read_at

    def forget(self, reply_ids: Iterable[uuid.UUID]) -> None:
        """Drop the events of replies; one that is still being made ends on its own, and is dropped later."""
        for reply_id in reply_ids:
            if (log := self._logs.get(reply_id)) and log.ended_at is not None:
                del self._logs[reply_id]

    async def _run(self, reply_id: uuid.UUID, log: _Log, producer: Producer) -> None:
        try:
            await producer(lambda event: self.publish(reply_id, event))
        finally:
            log.ended_at = time.monotonic()
            log.wake()

    def _make_room(self) -> None:
        now = time.monotonic()
        if len(self._logs) < MAX_REPLIES and now - self._tidied_at < TIDY_EVERY_S:
            return
        self._tidied_at, long_ago = now, now - KEEP_S
        ended = [(log.ended_at, reply_id) for reply_id, log in self._logs.items() if log.ended_at is not None]
        surplus = len(self._logs) - MAX_REPLIES + 1
        for position, (ended_at, reply_id) in enumerate(sorted(ended)):
            if ended_at < long_ago or position < surplus:
                del self._logs[reply_id]
        if len(self._logs) >= MAX_REPLIES:
            raise TooManyRepliesError(f"{MAX_REPLIES} replies are being made in this process.")


async def _happens(event: asyncio.Event, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
