"""Answers that end before their end, and events that another process reads from Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from chatbot import producing, replies, stopping, streams
from chatbot.events import Cited, Event, Finished, Status, Token
from chatbot.models import Assistant, Message
from chatbot.streams import shared
from chatbot.streams.coding import decode, encode
from chatbot.streams.memory import Numbered
from knowledge.models import Entry
from knowledge.vector_store.circuit import Circuit
from tests.chatbot.conftest import OPENING, Visitor, asked_by, unpublish_entry
from tests.chatbot.model_server import Act, ModelServer, hangs, says, serving

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS: list[Event] = [
    Status("Looking…"),
    Token("Über "),
    Token("zwei\nZeilen"),
    Cited(1, uuid.uuid4(), "When?"),
    Finished(uuid.uuid4(), "answered", "write", "Über zwei\nZeilen"),
]


@pytest.fixture
def reply(assistant: Assistant, alice: Visitor) -> Message:
    return asked_by(assistant, alice, OPENING[0])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(producing, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(shared, "_circuit", Circuit(shared.PAUSE_S))


def use(server: ModelServer, settings: Settings) -> None:
    settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url


async def begun(reply: Message) -> str:
    """Start it and wait for its first words."""
    producing.ensure_started(reply.pk)
    async for batch in streams.follow(reply.pk):
        if text := "".join(event.text for _, event in batch if isinstance(event, Token)):
            return text
    raise AssertionError("nothing was written")


async def ended(reply: Message) -> Message:
    await producing.wait_for(reply.pk)
    return await Message.objects.aget(pk=reply.pk)


async def test_a_stopped_answer_keeps_what_was_shown_its_sources_and_its_trace(
    reply: Message, settings: Settings
) -> None:
    with serving(hangs("We are open Monday to Friday [1]. And ")) as server:
        use(server, settings)
        shown = await begun(reply)
        await producing.stop(reply.pk)
        stored = await asyncio.wait_for(ended(reply), 2)
    assert (stored.status, stored.outcome, stored.text) == ("stopped", "write", shown)
    assert (await stored.citations.aget()).number == 1
    assert stored.trace["stopped"] == stopping.BY_VISITOR
    assert stored.trace["prompt"]
    assert stored.trace["call"]["completion_tokens"] > 0
    times = stored.trace["milliseconds"]
    assert times["total"] >= times["first_token"] >= times["retrieve"] > 0


@pytest.mark.parametrize("act", [hangs(), hangs("We")])
async def test_an_answer_that_is_stopped_before_its_first_word_says_so(
    reply: Message, settings: Settings, act: Act
) -> None:
    with serving(act) as server:
        use(server, settings)
        producing.ensure_started(reply.pk)
        while not server.requests:  # noqa: ASYNC110  (the server is a thread)
            await asyncio.sleep(0.02)
        await producing.stop(reply.pk)
        stored = await asyncio.wait_for(ended(reply), 2)
    assert (stored.status, stored.text) == ("stopped", replies.STOPPED_TEXT)


async def test_a_reply_nobody_has_begun_with_is_stopped_at_once(reply: Message) -> None:
    await producing.stop(reply.pk)
    assert (await Message.objects.aget(pk=reply.pk)).status == "stopped"


async def test_a_finished_reply_cannot_be_stopped(reply: Message) -> None:
    assert (await ended(reply)).status == "answered"
    await producing.stop(reply.pk)
    assert (await Message.objects.aget(pk=reply.pk)).status == "answered"


async def test_a_mark_that_another_process_left_in_the_row_stops_it(reply: Message, settings: Settings) -> None:
    with serving(hangs("We are open ")) as server:
        use(server, settings)
        await begun(reply)
        await Message.objects.filter(pk=reply.pk).aupdate(stop_asked_at=timezone.now())
        assert (await asyncio.wait_for(ended(reply), 2)).status == "stopped"


async def test_what_nobody_reads_is_stopped_after_the_grace(reply: Message, settings: Settings) -> None:
    settings.CHAT_GRACE_S = 0.2
    with serving(hangs("We are open ")) as server:
        use(server, settings)
        await begun(reply)
        for _ in range(40):
            await asyncio.sleep(0.1)
            stored = await Message.objects.aget(pk=reply.pk)
            if stored.status != "pending":
                break
    assert (stored.status, stored.trace["stopped"]) == ("stopped", stopping.UNREAD)


async def test_what_is_read_here_or_in_another_process_goes_on(
    reply: Message, assistant: Assistant, bob: Visitor, settings: Settings
) -> None:
    settings.CHAT_GRACE_S = 0.2
    elsewhere = await asyncio.to_thread(asked_by, assistant, bob, OPENING[0])
    with serving(says(*["We are open "] * 8, "[1].", pause_s=0.1)) as server:
        use(server, settings)
        here = asyncio.create_task(ended(reply))
        await begun(elsewhere)
        await Message.objects.filter(pk=elsewhere.pk).aupdate(read_at=timezone.now() + timedelta(minutes=1))
        assert (await here).status == "answered"
        assert (await ended(elsewhere)).status == "answered"


async def test_a_part_of_an_answer_from_an_entry_taken_back_meanwhile_is_not_kept(
    reply: Message, opening: Entry, settings: Settings
) -> None:
    with serving(hangs("We are open Monday to Friday [1]. ")) as server:
        use(server, settings)
        await begun(reply)
        await asyncio.to_thread(unpublish_entry, opening)
        await producing.stop(reply.pk)
        stored = await asyncio.wait_for(ended(reply), 2)
    assert "Monday" not in stored.text


# --- events in Redis


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_comes_back_from_json_as_it_was(event: Event) -> None:
    assert decode(encode(event)) == event


@pytest.mark.parametrize("line", ["", "x", "{}", '{"kind": "Later", "text": "x"}', '{"kind": "Token"}', "[1]", "1"])
def test_an_event_of_another_version_is_none(line: str) -> None:
    assert decode(line) is None


def in_batches(*sizes: int) -> list[list[Numbered]]:
    numbered: list[Numbered] = list(enumerate(EVENTS, start=1))
    batches = []
    for size in sizes:
        batches.append(numbered[:size])
        numbered = numbered[size:]
    return batches


async def write(reply_id: uuid.UUID, batches: list[list[Numbered]], pause_s: float = 0.0) -> None:
    async def slowly() -> AsyncIterator[list[Numbered]]:
        for batch in batches:
            await asyncio.sleep(pause_s)
            yield batch

    await shared.mirror(reply_id, slowly())


@pytest.mark.redis
async def test_what_one_process_writes_another_reads_in_order_and_once(redis_url: str, settings: Settings) -> None:
    settings.REDIS_URL = redis_url
    reply_id = uuid.uuid4()
    writing = asyncio.create_task(write(reply_id, in_batches(1, 0, 2, 2), pause_s=0.1))
    read = [event async for event in shared.relay(reply_id)]
    assert read == EVENTS
    assert [event async for event in shared.relay(reply_id)] == EVENTS
    await writing


@pytest.mark.redis
async def test_a_log_that_has_lost_its_beginning_is_not_read(redis_url: str, settings: Settings) -> None:
    settings.REDIS_URL = redis_url
    reply_id = uuid.uuid4()
    await write(reply_id, [list(enumerate(EVENTS, start=3))])
    assert [event async for event in shared.relay(reply_id)] == []


async def test_without_redis_at_its_address_nothing_waits_for_long(reply: Message, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert (await asyncio.wait_for(ended(reply), 5)).status == "answered"
    assert [event async for event in shared.relay(reply.pk)] == []


@pytest.mark.redis
async def test_the_events_of_a_reply_made_here_are_in_redis_with_the_same_numbers(
    reply: Message, redis_url: str, settings: Settings
) -> None:
    settings.REDIS_URL = redis_url
    producing.ensure_started(reply.pk)
    here = [event async for batch in streams.follow(reply.pk) for _, event in batch]
    there = [event async for event in shared.relay(reply.pk)]
    assert there == here
    assert isinstance(there[-1], Finished)
