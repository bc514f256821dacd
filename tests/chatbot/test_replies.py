"""The states of a reply's row."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from chatbot import replies, services
from chatbot.answering import Draft
from chatbot.models import Assistant, Message
from chatbot.prompts import Exchange
from chatbot.standing import Listed, SourcesChangedError
from chatbot.tasks import fail_stale_replies
from knowledge.models import Entry, KnowledgeBase
from tests.chatbot.conftest import Visitor, asked_by, unpublish_entry


@pytest.fixture
def reply(assistant: Assistant, alice: Visitor) -> Message:
    return asked_by(assistant, alice, "When?")


def listed(entry: Entry) -> Listed:
    return Listed(1, entry.pk, entry.version, entry.question, entry.answer, 0.9)


def quote(entry: Entry) -> Draft:
    return Draft(Message.Outcome.QUOTE, entry.answer, sources=(listed(entry),))


def test_a_reply_is_claimed_once(reply: Message, base: KnowledgeBase) -> None:
    asked = replies.claim(reply.pk)
    assert asked is not None
    assert (asked.question, asked.knowledge_bases, asked.entry_id) == ("When?", (base.pk,), None)
    assert replies.claim(reply.pk) is None
    assert replies.claim(uuid.uuid4()) is None


def test_a_claim_brings_the_earlier_answered_turns_oldest_first(
    reply: Message, assistant: Assistant, alice: Visitor, opening: Entry
) -> None:
    replies.store(reply.pk, quote(opening))
    failed = asked_by(assistant, alice, "Second?")
    replies.fail(failed.pk, "why")
    replies.store(asked_by(assistant, alice, "Third?").pk, quote(opening))
    asked = replies.claim(asked_by(assistant, alice, "Fourth?").pk)
    assert asked is not None
    assert asked.history == (
        Exchange("When?", opening.answer, opening.question),
        Exchange("Third?", opening.answer, opening.question),
    )


def test_a_turn_that_is_handed_over_is_claimed_as_it_would_be_read(assistant: Assistant, alice: Visitor) -> None:
    for question in ("First?", "Second?"):
        turn = services.ask(assistant=assistant, visitor_id=alice.id, question=question)
        handed_over = replies.claim(turn[1].pk, turn)
        Message.objects.filter(pk=turn[1].pk).update(claimed_at=None)
        assert handed_over == replies.claim(turn[1].pk)
        assert handed_over is not None
        replies.store(turn[1].pk, Draft(Message.Outcome.DECLINE, "No."))
        assert replies.claim(turn[1].pk, turn) is None


def test_a_finished_reply_keeps_its_answer(reply: Message, opening: Entry) -> None:
    assert replies.store(reply.pk, quote(opening))
    assert not replies.store(reply.pk, Draft(Message.Outcome.DECLINE, "Other."))
    assert not replies.fail(reply.pk, "too late")
    reply.refresh_from_db()
    assert (reply.status, reply.text, reply.citations.count()) == ("answered", opening.answer, 1)


def test_an_answer_whose_entry_was_taken_back_is_not_stored(reply: Message, opening: Entry) -> None:
    unpublish_entry(opening)
    with pytest.raises(SourcesChangedError):
        replies.store(reply.pk, quote(opening))
    reply.refresh_from_db()
    assert (reply.status, reply.citations.count()) == ("pending", 0)


def test_an_offer_keeps_its_entry_and_no_text(reply: Message, opening: Entry) -> None:
    replies.store(reply.pk, Draft(Message.Outcome.DECLINE, "No.", offers=(listed(opening),)))
    offer = reply.citations.get()
    assert (offer.kind, offer.entry_id, offer.quoted_text) == ("offer", opening.pk, "")
    reply.refresh_from_db()
    assert reply.status == "declined"


def test_only_replies_that_nobody_can_be_making_are_failed(
    assistant: Assistant, alice: Visitor, settings: Settings
) -> None:
    settings.CHAT_TOTAL_S = 60
    now = timezone.now()
    old, older = now - timedelta(seconds=80), now - timedelta(seconds=100)
    rows = {name: asked_by(assistant, alice, name) for name in ("fresh", "claimed late", "never claimed", "dead")}
    times = {"fresh": (old, old), "claimed late": (older, old), "never claimed": (older, None), "dead": (older, older)}
    for name, (created_at, claimed_at) in times.items():
        Message.objects.filter(pk=rows[name].pk).update(created_at=created_at, claimed_at=claimed_at)
    assert fail_stale_replies() == 2
    failed = Message.objects.filter(status="failed")
    assert {reply.pk for reply in failed} == {rows["never claimed"].pk, rows["dead"].pk}
    assert all(reply.text == replies.FAILED_TEXT and reply.failure for reply in failed)
    assert fail_stale_replies() == 0
