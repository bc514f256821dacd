"""Traces of real answers, as staff read them in the admin."""

import re

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings

from chatbot import producing
from chatbot.models import Assistant, Message
from chatbot.traces import trace_view
from knowledge.models import Entry
from tests.chatbot.conftest import OPENING, RETURNS, Visitor, asked_by
from tests.chatbot.model_server import Act, refuses, says, serving
from tests.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "sk-very-secret-0123456789"


async def answered(reply: Message, settings: Settings, act: Act) -> Message:
    with serving(act) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = "scripted", server.url, KEY
        await producing.wait_for(reply.pk)
    return await Message.objects.aget(pk=reply.pk)


@sync_to_async
def page_of(reply: Message) -> str:
    """The conversation's page as text, its white space put together."""
    root, _ = User.objects.get_or_create(username="root", is_superuser=True, is_staff=True)
    page = client_of(root).get(reverse("admin:chatbot_conversation_change", args=[reply.conversation_id]))
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


@sync_to_async
def ask(assistant: Assistant, visitor: Visitor, question: str) -> Message:
    return asked_by(assistant, visitor, question)


async def test_staff_read_what_was_searched_found_decided_asked_and_paid(
    assistant: Assistant, alice: Visitor, settings: Settings
) -> None:
    settings.MODEL_PRICES = {"scripted": (2, 8)}
    said = says("We are open Monday to Friday [1] [9].", usage=(1_234, 56))
    reply = await answered(await ask(assistant, alice, OPENING[0]), settings, said)
    page = await page_of(reply)
    for part in (
        "The question as it was asked.",
        "It was searched in the database",
        "To write. The assistant writes whenever it can, and confidence is",
        "quotes from 0.",
        OPENING[0],
        "tokens in 1,234",
        "tokens out 56",
        "ended with stop",
        "Cost: 0.002916",
        "invented sources left out 1",
        "carried by the sources",
        "until the first word was shown",
        "You answer visitors&#x27; questions for an organisation",
    ):
        assert part in page, part


async def test_a_follow_up_shows_what_was_looked_up_in_its_place(
    assistant: Assistant, alice: Visitor, settings: Settings
) -> None:
    await answered(await ask(assistant, alice, RETURNS[0]), settings, says("Send it back [1]."))
    reply = await answered(await ask(assistant, alice, "and postage?"), settings, says("Is postage free for a return?"))
    assert "“ Is postage free for a return? ”, made of the question" in await page_of(reply)


async def test_what_the_guard_stopped_and_why_a_model_failed_is_said_without_the_key(
    assistant: Assistant, alice: Visitor, settings: Settings
) -> None:
    stopped = await answered(await ask(assistant, alice, OPENING[0]), settings, says("Call 0800 99 88 77 now. "))
    page = await page_of(stopped)
    assert "stopped the answer at phone: “0800 99 88 77”" in page
    failed = await answered(
        await ask(assistant, alice, RETURNS[0]), settings, refuses(401, message=f"Wrong key: {KEY}")
    )
    page = await page_of(failed)
    assert "refused with status 401" in page
    assert KEY not in page
    assert KEY not in str(failed.trace)


async def test_an_entry_that_was_chosen_needs_no_search(
    assistant: Assistant, alice: Visitor, parking: Entry, settings: Settings
) -> None:
    reply = await sync_to_async(asked_by)(assistant, alice, "car?", parking)
    await answered(reply, settings, says("no"))
    assert "It was searched not at all: the visitor chose the entry." in await page_of(reply)


@pytest.mark.parametrize("trace", [{}, {"entry": "x"}])
def test_no_trace_is_no_view(trace: dict[str, str]) -> None:
    assert trace_view(trace) is None


def test_a_trace_of_an_earlier_version_is_shown_with_what_it_has() -> None:
    view = trace_view({"decision": "somehow", "candidates": [{"question": "Q?"}], "milliseconds": {"total": 7.0}})
    assert view is not None
    assert (view.decision, view.candidates[0].question, view.total_ms) == ("somehow", "Q?", 7.0)
