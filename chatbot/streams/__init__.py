"""The events of replies in the making: any number of readers can follow and return.

A reply's producer is a task of its own: the visitor's request may end long before it does. Its events are kept in the
memory of the process that makes it; with Redis they are also written there, and other processes read them from it.
"""

import uuid
from collections.abc import Sequence

from chatbot.streams.memory import Numbered, Producer, Publish, Streams, TooManyRepliesError
from chatbot.streams.shared import forget as forget_shared
from chatbot.streams.shared import is_on, mirror, relay

_streams = Streams()
start = _streams.start
publish = _streams.publish
follow = _streams.follow
unread_s = _streams.unread_s
touch = _streams.touch


async def forget(reply_ids: Sequence[uuid.UUID]) -> None:
    """Drop the events of these replies, here and in Redis; another process's go within ten minutes."""
    _streams.forget(reply_ids)
    await forget_shared(reply_ids)


__all__ = [
    "Numbered",
    "Producer",
    "Publish",
    "Streams",
    "TooManyRepliesError",
    "follow",
    "forget",
    "is_on",
    "mirror",
    "publish",
    "relay",
    "start",
    "touch",
    "unread_s",
]
