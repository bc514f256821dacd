"""Event logs: any number of readers, whenever they come, see the same events; the maker runs once."""

import asyncio
import uuid

import pytest

from chatbot.events import Event, Finished, Token
from chatbot.streams import Publish, Streams, TooManyRepliesError
from chatbot.streams import memory as module

REPLY = uuid.uuid4()
DONE = Finished(REPLY, "answered", "quote", "ab")


@pytest.fixture
def streams() -> Streams:
    return Streams()


async def two_words(publish: Publish) -> None:
    for event in (Token("a"), Token("b"), DONE):
        publish(event)
        await asyncio.sleep(0.01)


async def read(streams: Streams, after: int = 0, reply: uuid.UUID = REPLY) -> list[tuple[int, Event]]:
    return [pair async for batch in streams.follow(reply, after) for pair in batch]


async def test_readers_who_come_early_and_late_see_the_same_numbered_events(streams: Streams) -> None:
    streams.start(REPLY, two_words)
    early = await read(streams)
    assert early == [(1, Token("a")), (2, Token("b")), (3, DONE)]
    assert await read(streams) == early


async def test_a_reader_who_returns_gets_what_came_after_the_last_event_seen(streams: Streams) -> None:
    streams.start(REPLY, two_words)
    assert await read(streams, after=2) == [(3, DONE)]
    assert await read(streams, after=99) == []


async def test_a_reply_is_made_once_however_many_ask_for_it(streams: Streams) -> None:
    runs = []

    async def producer(publish: Publish) -> None:
        runs.append(1)
        await two_words(publish)

    for _ in range(3):
        streams.start(REPLY, producer)
    await asyncio.gather(read(streams), read(streams))
    streams.start(REPLY, producer)
    assert len(runs) == 1


async def test_the_maker_goes_on_when_every_reader_has_left(streams: Streams) -> None:
    streams.start(REPLY, two_words)
    reader = asyncio.create_task(read(streams))
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.sleep(0.1)
    assert (await read(streams))[-1] == (3, DONE)


async def test_silence_is_told_so_that_the_reader_can_keep_its_connection_alive(streams: Streams) -> None:
    gate = asyncio.Event()

    async def slow(publish: Publish) -> None:
        await gate.wait()
        publish(DONE)

    streams.start(REPLY, slow)
    batches = []
    async for batch in streams.follow(REPLY, heartbeat_s=0.01):
        batches.append(batch)
        gate.set()
    assert batches == [[], [(1, DONE)]]


async def test_a_reply_unknown_here_ends_at_once(streams: Streams) -> None:
    assert await read(streams, reply=uuid.uuid4()) == []


async def test_too_long_a_reply_loses_words_and_never_its_end(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CHARACTERS", 20)
    streams.start(REPLY, two_words)
    assert [event for _, event in await read(streams)] == [Token("a"), DONE]


async def test_the_oldest_finished_replies_make_room_and_those_in_the_making_never(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_REPLIES", 2)
    replies = [uuid.uuid4() for _ in range(4)]
    streams.start(replies[0], two_words)
    await read(streams, reply=replies[0])
    for reply in replies[1:3]:
        streams.start(reply, two_words)
    assert await read(streams, reply=replies[0]) == []
    with pytest.raises(TooManyRepliesError):
        streams.start(replies[3], two_words)
    assert len(await read(streams, reply=replies[1])) == 3
    await read(streams, reply=replies[2])


async def test_finished_replies_are_forgotten_after_their_time(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP_S", 0.0)
    monkeypatch.setattr(module, "TIDY_EVERY_S", 0.0)
    other = uuid.uuid4()
    streams.start(REPLY, two_words)
    await read(streams)
    streams.start(other, two_words)
    assert await read(streams) == []
    await read(streams, reply=other)
