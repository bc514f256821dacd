"""What a visitor takes along and takes back: sources, the conversation as a file, and its deletion."""

import re
import time
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chatbot import producing, replies, services, streams
from chatbot.answering import Draft
from chatbot.events import Token
from chatbot.models import Assistant, Citation, Conversation, LabelledExample, Message
from chatbot.standing import Listed
from chatbot.tickets import write_source_ticket, write_transcript_ticket
from knowledge.models import Entry
from tests.chatbot.conftest import OPENING, RETURNS, Visitor, asked_by

pytestmark = pytest.mark.django_db(transaction=True)


def answered(assistant: Assistant, visitor: Visitor, entry: Entry, text: str = "") -> Message:
    """A reply that quotes an entry, or was written from it."""
    reply = asked_by(assistant, visitor, entry.question)
    outcome = Message.Outcome.WRITE if text else Message.Outcome.QUOTE
    source = Listed(1, entry.pk, entry.version, entry.question, entry.answer, 0.9)
    replies.store(reply.pk, Draft(outcome, text or entry.answer, (source,)))
    return reply


# --- Sources


def test_what_a_written_answer_rests_on_is_marked_in_its_source(
    assistant: Assistant, alice: Visitor, returns: Entry
) -> None:
    written = answered(assistant, alice, returns, "You can send it back within 30 days [1].")
    address = f"/a/{assistant.public_key}/sources/{written.citations.get().pk}/"
    for headers in ({}, {"HX-Request": "true"}):
        page = alice.client().get(address, headers=headers)
        assert "<mark>Send it back within </mark>" in page.text
        assert "<mark>Postage" not in page.text
        assert ("<html" in page.text) == (not headers)
    quoted = answered(assistant, alice, returns).citations.get()
    assert "<mark>" not in alice.client().get(f"/a/{assistant.public_key}/sources/{quoted.pk}/").text


def test_a_ticket_shows_a_source_to_whoever_holds_it(
    client: Client, assistant: Assistant, alice: Visitor, opening: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = write_source_ticket(answered(assistant, alice, opening).citations.get().pk)
    assert OPENING[0] in client.get(f"/cited/{ticket}/?lang=ja").text
    assert client.get(f"/cited/{ticket[:-1]}x/").status_code == 404
    later = time.time() + 31 * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get(f"/cited/{ticket}/").status_code == 404


# --- The conversation as a file


def test_a_conversation_is_taken_along_as_a_file(
    client: Client, assistant: Assistant, alice: Visitor, opening: Entry
) -> None:
    answered(assistant, alice, opening)
    page = alice.client().get(f"/a/{assistant.public_key}/").text
    (address,) = re.findall(r'href="(/transcripts/[^"]+)"', page)
    file = client.get(address)
    assert file["Content-Disposition"].startswith('attachment; filename="ada-')
    assert OPENING[0] in file.text
    assert OPENING[1] in file.text
    assert "Sources:\n1. When are you open?" in file.text


def test_a_ticket_for_a_conversation_is_good_for_a_day(
    client: Client, assistant: Assistant, alice: Visitor, opening: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = write_transcript_ticket(answered(assistant, alice, opening).conversation_id)
    assert client.get(f"/transcripts/{ticket}/").status_code == 200
    assert client.get(f"/transcripts/{signing.dumps(uuid.uuid4().hex)}/").status_code == 404
    later = time.time() + 86_500
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get(f"/transcripts/{ticket}/").status_code == 404


# --- Deletion


async def delete(assistant: Assistant, visitor: Visitor) -> str:
    response = await visitor.async_client().post(f"/a/{assistant.public_key}/delete/")
    assert response.status_code == 200
    return response.content.decode()


async def test_everything_of_a_conversation_is_deleted_and_counted(
    assistant: Assistant, alice: Visitor, bob: Visitor, opening: Entry
) -> None:
    for visitor in (alice, alice, bob):
        await sync_to_async(answered)(assistant, visitor, opening)
    page = await delete(assistant, alice)
    assert "Conversations: 1, questions: 2, answers with their traces: 2, contact requests: 0" in page
    assert OPENING[1] not in page
    assert [c.visitor_id async for c in Conversation.objects.all()] == [bob.id]
    assert await Citation.objects.acount() == 1
    assert "There was nothing to delete" in await delete(assistant, alice)


async def test_what_was_ended_before_goes_too(assistant: Assistant, alice: Visitor, opening: Entry) -> None:
    await sync_to_async(answered)(assistant, alice, opening)
    await Conversation.objects.aupdate(ended_at=timezone.now())
    await sync_to_async(answered)(assistant, alice, opening)
    assert "Conversations: 2" in await delete(assistant, alice)
    assert not await Message.objects.aexists()


async def test_what_was_learned_from_it_goes_too(
    assistant: Assistant, alice: Visitor, opening: Entry, returns: Entry
) -> None:
    reply = await sync_to_async(asked_by)(assistant, alice, "something of mine")
    offer = Listed(1, returns.pk, returns.version, returns.question, returns.answer, 0.5)
    await sync_to_async(replies.store)(reply.pk, Draft(Message.Outcome.CLARIFY, "Which?", offers=(offer,)))
    await sync_to_async(asked_by)(assistant, alice, RETURNS[0], returns)
    assert await LabelledExample.objects.acount() == 1
    await delete(assistant, alice)
    assert not await LabelledExample.objects.aexists()


async def test_the_events_of_its_answers_are_forgotten(assistant: Assistant, alice: Visitor, opening: Entry) -> None:
    reply = await sync_to_async(asked_by)(assistant, alice, opening.question)
    await producing.wait_for(reply.pk)
    assert [batch async for batch in streams.follow(reply.pk)]
    await delete(assistant, alice)
    assert [batch async for batch in streams.follow(reply.pk)] == []


async def test_an_answer_that_is_being_made_is_stopped_and_does_not_come_back(
    assistant: Assistant, alice: Visitor, opening: Entry
) -> None:
    reply = await sync_to_async(asked_by)(assistant, alice, opening.question)
    await delete(assistant, alice)
    await producing.wait_for(reply.pk)
    assert not await Message.objects.aexists()
    assert not await Citation.objects.aexists()


@pytest.mark.redis
async def test_events_in_redis_are_forgotten_too(
    assistant: Assistant, alice: Visitor, settings: Settings, redis_url: str
) -> None:
    settings.REDIS_URL = redis_url
    reply = await sync_to_async(asked_by)(assistant, alice, OPENING[0])
    assert await streams.shared._append(reply.pk, [(1, Token("secret words"))])
    assert await streams.shared._read(reply.pk, 0)
    await streams.forget([reply.pk])
    assert await streams.shared._read(reply.pk, 0) == []


def test_nobody_deletes_for_somebody_else(client: Client, assistant: Assistant, alice: Visitor, opening: Entry) -> None:
    answered(assistant, alice, opening)
    services.delete_conversations(assistant=Assistant.objects.create(name="Other"), visitor_id=alice.id)
    services.delete_conversations(assistant=assistant, visitor_id=uuid.uuid4())
    assert Conversation.objects.count() == 1


async def test_the_cookie_stays_while_another_assistant_has_something_of_the_visitor(
    assistant: Assistant, alice: Visitor, opening: Entry
) -> None:
    other = await Assistant.objects.acreate(name="Other")
    for one in (assistant, other):
        await sync_to_async(asked_by)(one, alice, opening.question)
    first = await alice.async_client().post(f"/a/{assistant.public_key}/delete/")
    assert "candor_visitor" not in first.cookies
    last = await alice.async_client().post(f"/a/{other.public_key}/delete/")
    assert last.cookies["candor_visitor"].value == ""
