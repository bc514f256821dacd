"""Making one reply from claim to last event, once for all who read it, and independent of any of them."""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import aclosing

import structlog
from django.utils import translation

from chatbot import replies, spans, streams
from chatbot.answering import Asked, Draft, Writing, answer, declined
from chatbot.chat_model import is_configured
from chatbot.events import Cited, Event, Finished, Token
from chatbot.replies import Turn
from chatbot.standing import SourcesChangedError
from chatbot.stopping import stop_here, stoppable
from chatbot.streams import Publish
from chatbot.threads import in_thread
from knowledge.retrieval import RetrievalError

LOOK_EVERY_S = 0.5
log = structlog.get_logger(__name__)
# The loop itself keeps only weak references to tasks.
_mirrors: "set[asyncio.Task[None]]" = set()


def ensure_started(reply_id: uuid.UUID, turn: Turn | None = None) -> None:
    """See to it that somebody makes this reply and that it can be followed here; TooManyRepliesError when full.

    `turn` is what has just been stored, where it is at hand.
    """
    streams.start(reply_id, lambda publish: _produce(reply_id, publish, turn))


async def wait_for(reply_id: uuid.UUID) -> None:
    """Return when the reply is finished, made here or elsewhere."""
    ensure_started(reply_id)
    async with aclosing(streams.follow(reply_id)) as batches:
        async for batch in batches:
            if any(isinstance(event, Finished) for _, event in batch):
                return


async def stop(reply_id: uuid.UUID) -> None:
    """End a reply that is being made, here at once, in another process within half a second; else nothing happens."""
    await in_thread(replies.ask_to_stop)(reply_id)
    stop_here(reply_id)


async def _produce(reply_id: uuid.UUID, publish: Publish, turn: Turn | None) -> None:
    asked = None
    try:
        asked = await in_thread(replies.claim)(reply_id, turn)
        if asked:
            translation.activate(asked.language or "en")  # of this task alone
            _start_mirror(reply_id)
            for event in await _make(reply_id, asked, publish):
                publish(event)
            return
    except RetrievalError as error:
        log.warning("reply_failed", reply=str(reply_id), reason=str(error)[:200])
        await _fail(reply_id, asked, str(error))
    except Exception as error:  # the edge of the task: nobody above could tell the visitor
        log.exception("reply_crashed", reply=str(reply_id))
        await _fail(reply_id, asked, f"A fault in the program: {error!r}"[:500])
    else:
        if await _relayed(reply_id, publish):
            return
    for event in await _finish_events(reply_id):
        publish(event)


async def _fail(reply_id: uuid.UUID, asked: Asked | None, reason: str) -> None:
    await in_thread(replies.fail)(reply_id, reason)
    if asked:
        await _record(reply_id, asked, failure=reason)


def _start_mirror(reply_id: uuid.UUID) -> None:
    if not streams.is_on():
        return
    task = asyncio.create_task(streams.mirror(reply_id, streams.follow(reply_id, reads=False)))
    _mirrors.add(task)
    task.add_done_callback(_mirrors.discard)


async def _relayed(reply_id: uuid.UUID, publish: Publish) -> bool:
    """Pass on what another process publishes of this reply; False where that was not all of it."""
    telling = asyncio.create_task(_tell_who_reads(reply_id))
    try:
        async for event in streams.relay(reply_id):
            publish(event)
            if isinstance(event, Finished):
                return True
        return False
    finally:
        telling.cancel()


async def _tell_who_reads(reply_id: uuid.UUID) -> None:
    """Note in the row, for the process that makes the reply, that somebody reads it here."""
    while True:
        if streams.unread_s(reply_id) < replies.READ_EVERY_S:
            await in_thread(replies.note_reading)(reply_id)
        await asyncio.sleep(replies.READ_EVERY_S)


async def _make(reply_id: uuid.UUID, asked: Asked, publish: Publish) -> Sequence[Event]:
    """Answer and return the last events; if an entry moved on meanwhile look again, not writing, and then decline."""
    for may_write in (is_configured(), False):
        try:
            draft, was_stopped = await _draft(reply_id, asked, may_write, publish)
            return await _store(reply_id, asked, draft, was_stopped)
        except SourcesChangedError:
            log.info("sources_changed", reply=str(reply_id))
    draft = declined(asked, "The entries changed twice while this was being answered.")
    return await _store(reply_id, asked, draft, False)


async def _draft(reply_id: uuid.UUID, asked: Asked, may_write: bool, publish: Publish) -> tuple[Draft, bool]:
    """Return the draft and whether it is the part of one that was stopped."""
    shown: list[str] = []
    begun: list[Writing] = []
    drafts: list[Draft] = []

    async def make() -> None:
        async with aclosing(answer(asked, may_write=may_write)) as steps:
            async for step in steps:
                if isinstance(step, Draft):
                    drafts.append(step)
                elif isinstance(step, Writing):
                    begun.append(step)
                else:
                    shown.extend([step.text] if isinstance(step, Token) else [])
                    publish(step)

    why = await stoppable(reply_id, make(), is_writing=lambda: bool(begun))
    if drafts:
        return drafts[0], False
    return replies.stopped_draft("".join(shown), begun[-1] if begun else None, why), True


async def _store(reply_id: uuid.UUID, asked: Asked, draft: Draft, was_stopped: bool) -> Sequence[Event]:
    events = await in_thread(replies.store)(reply_id, draft, was_stopped=was_stopped)
    log.info(
        "reply_finished",
        reply=str(reply_id),
        stored=bool(events),
        stopped=was_stopped,
        outcome=draft.outcome.value,
        failure=draft.failure,
        way=draft.trace.get("way"),
        milliseconds=draft.trace.get("milliseconds"),
    )
    await _record(reply_id, asked, draft)
    return events or await _finish_events(reply_id)


async def _record(reply_id: uuid.UUID, asked: Asked, draft: Draft | None = None, failure: str = "") -> None:
    if not spans.is_on():
        return
    text, outcome, trace = (draft.text, draft.outcome.value, draft.trace) if draft else ("", "", {})
    failure = draft.failure if draft else failure
    answered = spans.Answered(
        reply_id, asked.conversation_id, asked.assistant_id, asked.question, text, outcome, failure, trace
    )
    await in_thread(spans.record)(answered)


async def _finish_events(reply_id: uuid.UUID) -> list[Cited | Finished]:
    """Wait, where another process makes this reply, until it has or is too old; nothing for one that is gone."""
    while (events := await in_thread(replies.look)(reply_id)) == []:
        if streams.unread_s(reply_id) < replies.READ_EVERY_S:
            await in_thread(replies.note_reading)(reply_id)
        await asyncio.sleep(LOOK_EVERY_S)
    return events or []
