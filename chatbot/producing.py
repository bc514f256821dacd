"""Making one reply from claim to last event, once for all who read it, and independent of any of them."""

import asyncio
import uuid
from contextlib import aclosing

import structlog

from chatbot import replies, streams
from chatbot.answering import Asked, Draft, Writing, answer, declined
from chatbot.chat_model import is_configured
from chatbot.events import Cited, Finished
from chatbot.standing import SourcesChangedError
from chatbot.streams import Publish
from chatbot.threads import in_thread
from knowledge.retrieval import RetrievalError

LOOK_EVERY_S = 0.5
log = structlog.get_logger(__name__)


def ensure_started(reply_id: uuid.UUID) -> None:
    """See to it that somebody makes this reply and that it can be followed here; TooManyRepliesError when full."""
    streams.start(reply_id, lambda publish: _produce(reply_id, publish))


async def wait_for(reply_id: uuid.UUID) -> None:
    """Return when the reply is finished, made here or elsewhere."""
    ensure_started(reply_id)
    async for batch in streams.follow(reply_id):
        if any(isinstance(event, Finished) for _, event in batch):
            return


async def _produce(reply_id: uuid.UUID, publish: Publish) -> None:
    try:
        asked = await in_thread(replies.claim)(reply_id)
        if asked:
            await _make(reply_id, asked, publish)
    except RetrievalError as error:
        log.warning("reply_failed", reply=str(reply_id), reason=str(error)[:200])
        await in_thread(replies.fail)(reply_id, str(error))
    except Exception as error:  # the edge of the task: nobody above could tell the visitor
        log.exception("reply_crashed", reply=str(reply_id))
        await in_thread(replies.fail)(reply_id, f"A fault in the program: {error!r}"[:500])
    for event in await _finish_events(reply_id):
        publish(event)


async def _make(reply_id: uuid.UUID, asked: Asked, publish: Publish) -> None:
    """Answer; if an entry moved on meanwhile look again, once and without writing, and then decline."""
    for may_write in (is_configured(), False):
        try:
            return await _store(reply_id, await _draft(asked, may_write, publish))
        except SourcesChangedError:
            log.info("sources_changed", reply=str(reply_id))
    return await _store(reply_id, declined(asked, "The entries changed twice while this was being answered."))


async def _draft(asked: Asked, may_write: bool, publish: Publish) -> Draft:
    async with aclosing(answer(asked, may_write=may_write)) as steps:
        async for step in steps:
            if isinstance(step, Draft):
                return step
            if not isinstance(step, Writing):
                publish(step)
    raise AssertionError("an answer ends with a draft")


async def _store(reply_id: uuid.UUID, draft: Draft) -> None:
    stored = await in_thread(replies.store)(reply_id, draft)
    log.info(
        "reply_finished",
        reply=str(reply_id),
        stored=stored,
        outcome=draft.outcome.value,
        failure=draft.failure,
        way=draft.trace.get("way"),
        milliseconds=draft.trace.get("milliseconds"),
    )


async def _finish_events(reply_id: uuid.UUID) -> list[Cited | Finished]:
    """Wait, where another process makes this reply, until it has or is too old; nothing for one that is gone."""
    while (events := await in_thread(replies.look)(reply_id)) == []:  # noqa: ASYNC110  (it happens elsewhere)
        await asyncio.sleep(LOOK_EVERY_S)
    return events or []
