"""A reply's events as the page reads them: server-sent events whose data is HTML to swap in.

Only finished Markdown blocks are appended; the unfinished one is sent again as it grows.
"""

import asyncio
import re
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape

from chatbot import streams
from chatbot.contexts import reply_view
from chatbot.events import Finished, Status, Token
from chatbot.models import Message
from chatbot.places import place_of
from chatbot.selectors import reply_with_question
from chatbot.streams import Numbered
from chatbot.threads import in_thread
from knowledge.markdown import StreamingMarkdown

# Pieces that come faster are sent together: the eye cannot follow more, and each sending costs a parse.
PACE_S = 0.05
RECONNECT_MS = 2_000
HEARTBEAT = ": still here\n\n"


async def page_events(
    request: HttpRequest, reply_id: uuid.UUID, after: int, language: str = ""
) -> AsyncGenerator[str, None]:
    """Yield the frames of a reply that is being made, from the one after event `after`; `done` is the last."""
    yield f"retry: {RECONNECT_MS}\n\n"
    page = _Page(after)
    async with aclosing(streams.follow(reply_id)) as batches:
        async for batch in batches:
            frames = page.frames(batch)
            if any(isinstance(event, Finished) for _, event in batch):
                break
            yield frames or HEARTBEAT
            await asyncio.sleep(PACE_S)
    if done := await in_thread(done_frame)(request, reply_id, language):
        yield done


class _Page:
    """What one reader's page shows so far: what came before a reconnect is parsed again, and not sent."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._markdown = StreamingMarkdown()

    def frames(self, batch: list[Numbered]) -> str:
        self._markdown.feed(_text(batch, until=self._after))
        fresh = [(number, event) for number, event in batch if number > self._after]
        if not fresh:
            return ""
        number = fresh[-1][0]
        statuses = [event.text for _, event in fresh if isinstance(event, Status)]
        frames = [sse_frame("status", escape(text), number) for text in statuses[-1:]]
        if text := _text(fresh):
            update = self._markdown.feed(text)
            # The block carries the number: cut off after it, a reader must not be sent it again.
            frames += [sse_frame("block", update.finished, number)] if update.finished else []
            frames += [sse_frame("tail", update.tail, number)]
        return "".join(frames)


def _text(batch: list[Numbered], until: int | None = None) -> str:
    return "".join(
        event.text for number, event in batch if isinstance(event, Token) and (until is None or number <= until)
    )


def done_frame(request: HttpRequest, reply_id: uuid.UUID, language: str = "") -> str | None:
    """Return the frame that shows a finished reply and ends its stream; None while it is pending or if it is gone.

    `language` is the one that the stream's address names; without one it is the conversation's.
    """
    found = reply_with_question(reply_id)
    if found is None or found[1].status == Message.Status.PENDING:
        return None
    question, reply = found
    place = place_of(reply.conversation, language)
    with translation.override(place.language):
        context = {"place": place, "reply": reply_view(question, reply, place)}
        html = render_to_string("chatbot/_reply_body.html", context, request=None if place.embedded else request)
    return sse_frame("done", html)


def sse_frame(name: str, data: str, number: int | None = None) -> str:
    """Return one event of an event stream; every line of `data` gets a field of its own."""
    lines = [f"id: {number}"] if number is not None else []
    lines += [f"event: {name}", *(f"data: {line}" for line in re.split(r"\r\n|\r|\n", data))]
    return "\n".join(lines) + "\n\n"
