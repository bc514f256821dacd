"""A question's way through the real pages: the exchange, the event stream, polling, and the form without scripts."""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator
from typing import cast

import pytest
from django.core import signing
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django import Settings

from chatbot import producing, replies, streams, tickets
from chatbot.models import Assistant, Message
from chatbot.streams import TooManyRepliesError
from chatbot.tickets import write_ticket
from chatbot.visitors import COOKIE
from knowledge.models import Entry
from tests.chatbot.conftest import OPENING, Visitor, asked_by
from tests.chatbot.model_server import says, serving

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def reply(assistant: Assistant, alice: Visitor) -> Message:
    return asked_by(assistant, alice, OPENING[0])


def stream_url(reply: Message) -> str:
    return f"/replies/{write_ticket(reply.pk)}/stream/"


async def get(url: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return cast(HttpResponse, await AsyncClient().get(url, headers=headers))


async def stream_text(url: str, headers: dict[str, str] | None = None) -> str:
    """All of a stream, read to its end."""
    response = cast(StreamingHttpResponse, await AsyncClient().get(url, headers=headers))
    return b"".join([part async for part in cast(AsyncIterator[bytes], response)]).decode()


async def frames(url: str, after: int | None = None) -> list[dict[str, str]]:
    """The events of a stream as a browser reads them."""
    text = await stream_text(url, {} if after is None else {"Last-Event-ID": str(after)})
    return [parse(frame) for frame in text.split("\n\n") if "event:" in frame]


def parse(frame: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in frame.splitlines():
        name, _, value = line.partition(": ")
        fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return fields


async def test_htmx_gets_the_question_and_a_reply_that_connects_itself(assistant: Assistant, alice: Visitor) -> None:
    asked = {"question": "  When are you open?\r\n"}
    address = f"/a/{assistant.public_key}/ask/"
    response = cast(HttpResponse, await alice.async_client().post(address, asked, headers=HTMX))
    assert response.status_code == 200
    assert "When are you open?" in response.text
    stream = re.search(r'sse-connect="([^"]+)"', response.text)
    assert stream is not None
    assert (await frames(stream[1]))[-1]["event"] == "done"


async def test_the_stream_ends_with_the_finished_reply(reply: Message) -> None:
    done = (await frames(stream_url(reply)))[-1]
    assert done["event"] == "done"
    assert "<strong>Monday to Friday, 9 to 17</strong>" in done["data"]
    assert 'class="cite"' in done["data"]
    assert f"/a/{reply.conversation.assistant.public_key}/messages/{reply.pk}/feedback/" in done["data"]


async def test_a_stream_passes_proxies_and_compression_untouched(reply: Message) -> None:
    response = await get(stream_url(reply))
    assert response["Content-Type"] == "text/event-stream"
    assert response["Content-Encoding"] == "identity"
    assert response["X-Accel-Buffering"] == "no"
    assert response["Cache-Control"] == "no-cache, no-transform"


async def test_a_written_answer_streams_in_blocks_and_is_whole_at_the_end(reply: Message, settings: Settings) -> None:
    with serving(says("# Hours\n\n", "Week", "days **nine", "** [1]. <b>", pause_s=0.12)) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url
        events = await frames(stream_url(reply))
    assert [e["data"] for e in events if e["event"] == "status"][-1] == "Writing an answer…"
    assert "".join(e["data"] for e in events if e["event"] == "block").strip() == "<h3>Hours</h3>"
    assert any("days" in e["data"] for e in events if e["event"] == "tail")
    assert "<b>" not in "".join(e["data"] for e in events)
    assert "<strong>nine</strong>" in events[-1]["data"]


async def test_a_reader_who_returns_gets_only_the_rest_and_the_model_is_not_asked_again(
    reply: Message, settings: Settings
) -> None:
    with serving(says("Yes.\n\n", "Open.\n\n", "Come [1].", pause_s=0.25)) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url
        first = asyncio.create_task(frames(stream_url(reply)))
        await asyncio.sleep(0.4)  # the first block has come, two statuses and its first words before it
        rest = await frames(stream_url(reply), after=4)
        whole = await first
        blocks = [e for e in whole if e["event"] == "block"]
    assert [(e["id"], e["data"]) for e in blocks] == [("4", "<p>Yes.</p>\n"), ("5", "<p>Open.</p>\n")]
    assert [e["data"] for e in rest if e["event"] == "block"] == ["<p>Open.</p>\n"]
    assert (rest[-1]["event"], whole[-1]["event"]) == ("done", "done")
    assert len(server.requests) == 1


@pytest.mark.parametrize("after", ["-1", "x", "9" * 5_000, "²", "9999"])
async def test_a_strange_last_event_id_still_ends_with_the_reply(reply: Message, after: str) -> None:
    assert "event: done" in await stream_text(stream_url(reply), {"Last-Event-ID": after})


async def test_a_silent_stream_is_kept_alive_by_comments(
    reply: Message, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = streams.follow
    monkeypatch.setattr(streams, "follow", lambda reply_id, **how: follow(reply_id, **how | {"heartbeat_s": 0.05}))
    with serving(says("Slow [1].", pause_s=0.5)) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url
        assert "\n\n: still here\n\n" in await stream_text(stream_url(reply))


async def test_a_ticket_that_is_forged_or_names_nothing_is_not_found(reply: Message) -> None:
    other = signing.dumps(reply.pk.hex, salt="something else")
    for ticket in ("x", write_ticket(reply.pk)[:-2] + "xx", other, write_ticket(uuid.uuid4())):
        assert (await get(f"/replies/{ticket}/stream/")).status_code == 404
        assert (await get(f"/replies/{ticket}/")).status_code == 404


async def test_a_question_is_no_reply(reply: Message) -> None:
    question = await Message.objects.aget(position=1)
    assert (await get(stream_url(question))).status_code == 404


async def test_an_expired_ticket_shows_what_was_stored_and_starts_nothing(
    reply: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = stream_url(reply)
    monkeypatch.setattr(tickets, "MAX_AGE_S", -1)
    assert (await get(url)).status_code == 404
    await Message.objects.filter(pk=reply.pk).aupdate(status="answered", outcome="quote", text="Stored.")
    events = await frames(url)
    assert [e["event"] for e in events] == ["done"]
    assert "Stored." in events[0]["data"]


async def test_polling_shows_the_pending_article_and_stops_with_the_finished_one(reply: Message) -> None:
    url = f"/replies/{write_ticket(reply.pk)}/"
    first = await get(url, headers=HTMX)
    assert (first.status_code, "data-pending" in first.text) == (200, True)
    deadline = time.monotonic() + 5
    while (response := await get(url, headers=HTMX)).status_code == 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert response.status_code == 286
    assert "Monday to Friday" in response.text
    assert (await get(url)).status_code == 200


async def test_replies_and_streams_can_only_be_read(reply: Message) -> None:
    assert (await AsyncClient().post(stream_url(reply))).status_code == 405
    assert (await AsyncClient().post(f"/replies/{write_ticket(reply.pk)}/")).status_code == 405


async def test_a_process_that_makes_too_many_replies_says_so(reply: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise TooManyRepliesError

    monkeypatch.setattr(producing, "ensure_started", full)
    assert (await get(stream_url(reply))).status_code == 503
    assert (await get(f"/replies/{write_ticket(reply.pk)}/")).status_code == 503


def test_without_scripts_a_process_that_is_full_says_so_at_once(
    client: Client, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise TooManyRepliesError("full")

    monkeypatch.setattr(producing, "ensure_started", full)
    response = client.post(f"/a/{assistant.public_key}/ask/", {"question": OPENING[0]})
    reply = Message.objects.get(role="assistant")
    assert (response.status_code, reply.status, reply.failure) == (303, Message.Status.FAILED, "full")


def test_without_scripts_the_page_comes_back_with_the_answer(client: Client, assistant: Assistant) -> None:
    response = client.post(f"/a/{assistant.public_key}/ask/", {"question": OPENING[0]})
    reply = Message.objects.get(role="assistant")
    assert (response.status_code, response["Location"]) == (303, f"/a/{assistant.public_key}/#m-{reply.pk}")
    assert COOKIE in response.cookies
    assert "<strong>Monday to Friday, 9 to 17</strong>" in client.get(response["Location"]).text


def test_pressing_an_offer_quotes_that_entry(client: Client, assistant: Assistant, parking: Entry) -> None:
    offer = {"question": "Something vague", "entry": str(parking.pk)}
    client.post(f"/a/{assistant.public_key}/ask/", offer)
    assert Message.objects.get(role="assistant").text == parking.answer


def test_an_offer_that_is_no_id_is_an_ordinary_question(client: Client, assistant: Assistant) -> None:
    client.post(f"/a/{assistant.public_key}/ask/", {"question": OPENING[0], "entry": "'; drop"})
    assert Message.objects.get(role="assistant").text == OPENING[1]


def test_a_failed_reply_offers_to_ask_again(alice: Visitor, reply: Message) -> None:
    replies.fail(reply.pk, "secret reason")
    page = alice.client().get("/").text
    assert "can&#x27;t look that up right now" in page or "can't look that up right now" in page
    assert "Try again" in page
    assert "secret reason" not in page


def test_a_reply_that_is_still_pending_connects_again_after_a_reload(alice: Visitor, reply: Message) -> None:
    Message.objects.filter(pk=reply.pk).update(claimed_at=timezone.now())
    assert 'sse-connect="/replies/' in alice.client().get("/").text
