"""Bad input by every door: hostile questions by the page, both interfaces and their streams, and bent addresses."""

import json

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from pytest_django import Settings

from chatbot.models import Assistant, Citation, Message
from chatbot.tickets import write_source_ticket, write_ticket
from tests.chatbot.conftest import OPENING, Visitor, asked_by
from tests.chatbot.model_server import says, serving
from tests.chatbot.test_asking import frames, stream_text, stream_url
from tests.knowledge.test_hostile_questions import HOSTILE

pytestmark = pytest.mark.django_db(transaction=True)
# What cannot be a question at all; everything else is answered or declined.
REFUSED = {"nothing", "spaces"}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_question_gets_an_answer_or_a_reason_by_each_door(
    api: httpx.Client, assistant: Assistant, settings: Settings, kind: str
) -> None:
    question = json.dumps(HOSTILE[kind])  # with half characters and zeros as escapes
    native = f'{{"question": {question}, "stream": true}}'
    compatible = f'{{"model": "Ada", "messages": [{{"role": "user", "content": {question}}}], "stream": true}}'
    headers = {"Content-Type": "application/json"}
    with serving(says(f"You said: {HOSTILE[kind][:200]} ", "NO_ANSWER")) as model:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "echo", model.url
        for path, body, end in (("/api/ask", native, "event: done"), ("/v1/chat/completions", compatible, "[DONE]")):
            response = api.post(path, content=body, headers=headers)
            assert response.status_code in {200, 400, 422}
            assert (response.status_code == 200) == (end in response.text)
            if kind in REFUSED:
                assert response.json()["error"]["message"]
    assert not Message.objects.filter(status="failed").exists()


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_question_on_the_page_is_answered_or_comes_back_with_a_reason(
    assistant: Assistant, kind: str
) -> None:
    question = HOSTILE[kind].encode("utf-8", "replace").decode()
    response = await AsyncClient().post(f"/a/{assistant.public_key}/ask/", {"question": question})
    assert response.status_code in {303, 422}
    assert not await Message.objects.filter(status="failed").aexists()


async def test_a_ticket_with_any_character_changed_opens_nothing(assistant: Assistant, alice: Visitor) -> None:
    reply = await sync_to_async(asked_by)(assistant, alice, OPENING[0])
    ticket = write_ticket(reply.pk)
    for place in range(len(ticket)):
        bent = ticket[:place] + ("A" if ticket[place] != "A" else "B") + ticket[place + 1 :]
        assert (await AsyncClient().get(f"/replies/{bent}/stream/")).status_code == 404, place
    for bent in (ticket[:-1], f"{ticket}A", ticket.upper(), "::", "a" * 5_000, write_source_ticket(reply.pk)):
        for action in ("stream/", ""):
            assert (await AsyncClient().get(f"/replies/{bent}/{action}")).status_code == 404
        assert (
            await AsyncClient().post(f"/replies/{bent}/stop/", headers={"Origin": "http://testserver"})
        ).status_code == 404
    assert (await Message.objects.aget(pk=reply.pk)).status == Message.Status.PENDING  # and starts nothing


async def test_a_tickets_stream_read_again_says_the_same_and_asks_nobody(
    assistant: Assistant, alice: Visitor, settings: Settings
) -> None:
    with serving(says("We are open ", "Monday to Friday [1].")) as model:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "m", model.url
        reply = await sync_to_async(asked_by)(assistant, alice, OPENING[0])
        first, again = [await frames(stream_url(reply)) for _ in range(2)]
    assert len(model.requests) == 1
    assert first[-1]["event"] == again[-1]["event"] == "done"
    assert "Monday to Friday" in first[-1]["data"]
    assert len(await stream_text(stream_url(reply))) > 0


async def test_a_source_ticket_reads_one_source_and_no_reply(
    assistant: Assistant, alice: Visitor, bob: Visitor
) -> None:
    reply = await sync_to_async(asked_by)(assistant, alice, OPENING[0])
    await stream_text(stream_url(reply))
    citation = await Citation.objects.aget(message=reply)
    assert (await AsyncClient().get(f"/cited/{write_source_ticket(citation.pk)}/")).status_code == 200
    assert (await AsyncClient().get(f"/cited/{write_ticket(citation.pk)}/")).status_code == 404
    assert (await bob.async_client().get(f"/a/{assistant.public_key}/sources/{citation.pk}/")).status_code == 404


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
@pytest.mark.parametrize("path", ["/api/ask", "/v1/chat/completions"])
def test_another_content_type_is_refused_or_read_as_json(api: httpx.Client, path: str, content_type: str) -> None:
    response = api.post(path, content=b"question=hi", headers={"Content-Type": content_type})
    assert response.status_code in {400, 415, 422}
    assert response.json()["error"]["message"]
