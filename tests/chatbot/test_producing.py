"""One reply from claim to its last event: made once, never from a text that was taken back."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from pytest_django import Settings

from chatbot import producing, replies, streams
from chatbot.answering import Asked, Draft, Writing, answer, writing
from chatbot.events import Event, Finished, Status, Token
from chatbot.models import Assistant, Message
from knowledge.models import Entry, Posting
from tests.chatbot.conftest import OPENING, Visitor, asked_by, edit_entry, unpublish_entry
from tests.chatbot.model_server import says, serving

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "We are open **at weekends only**."


@pytest.fixture
def reply(assistant: Assistant, alice: Visitor) -> Message:
    return asked_by(assistant, alice, OPENING[0])


async def events_of(reply: Message) -> list[Event]:
    producing.ensure_started(reply.pk)
    return [event async for batch in streams.follow(reply.pk) for _, event in batch]


async def made(reply: Message) -> Message:
    await producing.wait_for(reply.pk)
    return await Message.objects.aget(pk=reply.pk)


async def test_a_reply_is_stored_with_its_source_before_its_last_event(reply: Message, opening: Entry) -> None:
    events = await events_of(reply)
    stored = await Message.objects.aget(pk=reply.pk)
    assert (stored.status, stored.outcome, stored.text) == ("answered", "quote", OPENING[1])
    assert events[-1] == Finished(reply.pk, "answered", "quote", OPENING[1])
    citation = await stored.citations.aget()
    assert (citation.entry_id, citation.entry_version, citation.quoted_text) == (opening.pk, 1, OPENING[1])


async def test_the_trace_says_what_was_found_decided_and_how_long_it_took(reply: Message, opening: Entry) -> None:
    trace = (await made(reply)).trace
    assert trace["way"] == "exact"
    assert trace["candidates"][0]["entry"] == str(opening.pk)
    assert trace["decision"] == "quote"
    assert trace["milliseconds"]["total"] > 0


async def test_many_readers_at_once_ask_the_model_once(reply: Message, settings: Settings) -> None:
    with serving(says("Weekdays [1].", pause_s=0.1)) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url
        readers = await asyncio.gather(*(events_of(reply) for _ in range(5)))
    assert len(server.requests) == 1
    assert all(reader == readers[0] for reader in readers)


async def test_a_reply_that_another_process_makes_is_waited_for(
    reply: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producing, "LOOK_EVERY_S", 0.05)
    await Message.objects.filter(pk=reply.pk).aupdate(claimed_at=timezone.now())
    reading = asyncio.create_task(events_of(reply))
    await asyncio.sleep(0.2)
    assert not reading.done()
    await Message.objects.filter(pk=reply.pk).aupdate(status="answered", outcome="quote", text="From there.")
    assert await reading == [Finished(reply.pk, "answered", "quote", "From there.")]


async def test_a_reply_whose_maker_died_is_failed_on_sight(reply: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producing, "LOOK_EVERY_S", 0.05)
    long_ago = timezone.now() - timedelta(hours=1)
    await Message.objects.filter(pk=reply.pk).aupdate(created_at=long_ago, claimed_at=long_ago)
    assert (await made(reply)).status == "failed"


def edited_meanwhile(
    edit: Callable[[], None], times: int
) -> Callable[..., AsyncGenerator[Status | Token | Writing | Draft, None]]:
    """The real `answer`, with an editor who saves after each of the first `times` drafts and before it is stored."""
    left = [times]

    async def answer_and_edit(
        asked: Asked, *, may_write: bool
    ) -> AsyncGenerator[Status | Token | Writing | Draft, None]:
        async for step in answer(asked, may_write=may_write):
            if isinstance(step, Draft) and left[0]:
                left[0] -= 1
                await sync_to_async(edit)()
            yield step

    return answer_and_edit


async def test_an_entry_edited_while_it_is_quoted_is_quoted_in_its_new_words(
    reply: Message, opening: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producing, "answer", edited_meanwhile(lambda: edit_entry(opening, NEW), 1))
    events = await events_of(reply)
    assert isinstance(events[-1], Finished)
    assert events[-1].text == NEW
    assert OPENING[1] not in repr(events)


async def test_an_entry_unpublished_while_it_is_quoted_is_not_quoted(
    reply: Message, opening: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producing, "answer", edited_meanwhile(lambda: unpublish_entry(opening), 1))
    assert OPENING[1] not in repr(await events_of(reply))


async def test_an_entry_that_keeps_changing_is_not_quoted_at_all(
    reply: Message, opening: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = iter([NEW, "And again."])
    monkeypatch.setattr(producing, "answer", edited_meanwhile(lambda: edit_entry(opening, next(texts)), 2))
    stored = await made(reply)
    assert (stored.status, stored.text) == ("declined", "Ask us at the desk.")


async def test_an_answer_written_from_an_entry_that_changed_meanwhile_is_replaced(
    reply: Message, opening: Entry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producing, "answer", edited_meanwhile(lambda: edit_entry(opening, NEW), 1))
    with serving(says("Weekdays [1].")) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url
        stored = await made(reply)
    assert (stored.outcome, stored.text) == ("quote", NEW)
    assert len(server.requests) == 1


async def test_a_model_that_is_still_writing_is_stopped_when_its_source_changes(
    reply: Message, opening: Entry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHECK_EVERY_S", 0.0)
    with serving(says("Weekdays ", "and ", "much ", "later ", "more [1].", pause_s=0.4)) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url
        reading = asyncio.create_task(events_of(reply))
        await asyncio.sleep(0.6)
        await sync_to_async(edit_entry)(opening, NEW)
        events = await reading
    assert "later" not in "".join(event.text for event in events if isinstance(event, Token))
    assert events[-1] == Finished(reply.pk, "answered", "quote", NEW)


async def test_when_nothing_can_be_looked_up_the_visitor_is_told_and_staff_learn_why(
    reply: Message, settings: Settings
) -> None:
    settings.EMBEDDING_MODEL, settings.EMBEDDING_BASE_URL = "openai:gone", "http://127.0.0.1:9/v1"
    # Not even by its words.
    await Posting.objects.all().adelete()
    stored = await made(reply)
    assert (stored.status, stored.text) == ("failed", replies.FAILED_TEXT)
    assert "embed" in stored.failure


async def test_a_fault_of_the_program_fails_the_reply_and_does_not_leave_it_hanging(
    reply: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(asked: Asked, *, may_write: bool) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(producing, "answer", broken)
    stored = await made(reply)
    assert (stored.status, "ZeroDivisionError" in stored.failure) == ("failed", True)


async def test_a_reply_that_is_gone_ends_without_an_answer(db: None) -> None:
    gone = Message(pk=uuid.uuid4())
    assert await events_of(gone) == []
