"""A question by the API: stored like a visitor's, made like a visitor's, and read as events or whole."""

import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from django.conf import settings
from django.urls import reverse

from chatbot import producing, selectors, services, streams
from chatbot.api.access import count_question, visitor_of
from chatbot.events import Event
from chatbot.models import ApiKey, Citation, Conversation, Message
from chatbot.prompts import Exchange
from chatbot.questions import clean_question
from chatbot.threads import in_thread
from chatbot.tickets import write_source_ticket


async def ask(
    key: ApiKey,
    question: str,
    *,
    user: str = "",
    conversation: Conversation | None = None,
    entry_id: uuid.UUID | None = None,
    history: Sequence[Exchange] = (),
) -> Message:
    """Store a question and have it answered; returns the pending reply.

    Raises QuestionRefusedError, LimitedError and TooManyRepliesError.
    """
    text = clean_question(question)
    await count_question(key, user)
    visitor = conversation.visitor_id if conversation else visitor_of(key, user)
    turn = await in_thread(services.ask_by_api)(
        assistant=key.assistant,
        visitor_id=visitor,
        question=text,
        conversation=conversation,
        entry_id=entry_id,
        history=history,
    )
    producing.ensure_started(turn[1].pk, turn)
    return turn[1]


async def finished(reply_id: uuid.UUID) -> Message:
    """Wait for a reply and return it, citations and conversation loaded."""
    await producing.wait_for(reply_id)
    return await stored(reply_id)


async def stored(reply_id: uuid.UUID) -> Message:
    """Return a reply as it is stored, citations and conversation loaded; raises Message.DoesNotExist."""
    return await in_thread(selectors.reply)(reply_id)


async def events(reply_id: uuid.UUID, after: int = 0) -> AsyncGenerator[tuple[int, Event] | None, None]:
    """Yield a reply's numbered events after number `after`; None where nothing has come for a while."""
    producing.ensure_started(reply_id)
    async with aclosing(streams.follow(reply_id, after)) as batches:
        async for batch in batches:
            for numbered in batch:
                yield numbered
            if not batch:
                yield None


def source_url(citation: Citation) -> str:
    """Return an address where anybody who has it can read the source as it was quoted, for a month."""
    return settings.SITE_URL + reverse("chatbot:cited", args=[write_source_ticket(citation.pk)])
