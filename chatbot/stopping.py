"""Ending an answer before its end: because the visitor says so, in whatever process, or because nobody reads it.

One task of the process looks after all the answers that are being made in it, with one query for all of them.
"""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from chatbot import streams
from chatbot.models import Message
from chatbot.threads import in_thread

LOOK_EVERY_S = 0.5
BY_VISITOR = "The visitor stopped it."
UNREAD = "Nobody was reading it any more."


@dataclass
class _Made:
    """An answer that is being made here; `why` is set when it shall end."""

    is_writing: Callable[[], bool]
    ends: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""

    def end(self, why: str) -> None:
        self.why = self.why or why
        self.ends.set()


_made: dict[uuid.UUID, _Made] = {}
_watching: "asyncio.Task[None] | None" = None


async def stoppable(
    reply_id: uuid.UUID, making: Coroutine[object, object, None], *, is_writing: Callable[[], bool]
) -> str:
    """Run `making` until it ends, or until the reply is stopped; returns why it was, "" where it was not."""
    this = _made[reply_id] = _Made(is_writing)
    _watch()
    task, ends = asyncio.create_task(making), asyncio.create_task(this.ends.wait())
    try:
        await asyncio.wait({task, ends}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            return ""
        return this.why
    finally:
        _made.pop(reply_id, None)
        for running in (task, ends):
            running.cancel()
        await asyncio.wait({task, ends})


def stop_here(reply_id: uuid.UUID) -> bool:
    """Stop a reply at once if this process makes it; tells whether it does."""
    made = _made.get(reply_id)
    if made:
        made.end(BY_VISITOR)
    return made is not None


def _watch() -> None:
    global _watching
    loop = asyncio.get_running_loop()
    if _watching is None or _watching.done() or _watching.get_loop() is not loop:
        _watching = loop.create_task(_look_after_all())


async def _look_after_all() -> None:
    while _made:
        await asyncio.sleep(LOOK_EVERY_S)
        asked, read = await in_thread(_marks)(list(_made))
        for reply_id, made in list(_made.items()):
            if reply_id in asked:
                made.end(BY_VISITOR)
            elif made.is_writing() and reply_id not in read and streams.unread_s(reply_id) > settings.CHAT_GRACE_S:
                made.end(UNREAD)


def _marks(reply_ids: list[uuid.UUID]) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Which of them shall stop, and which are read in another process."""
    rows = Message.objects.filter(pk__in=reply_ids).values_list("pk", "stop_asked_at", "read_at")
    since = timezone.now() - timedelta(seconds=settings.CHAT_GRACE_S)
    found = list(rows)
    return {pk for pk, stop, _ in found if stop}, {pk for pk, _, read in found if read and read > since}
