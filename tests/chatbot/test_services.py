"""What visitors change."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from chatbot import services
from chatbot.models import Assistant, Conversation, Message
from tests.chatbot.conftest import Visitor, asked_by


def test_a_question_and_its_empty_reply_take_the_next_two_places(assistant: Assistant, alice: Visitor) -> None:
    for question in ("One?", "Two?"):
        asked_by(assistant, alice, question)
    rows = Message.objects.values_list("position", "role", "text", "status")
    assert list(rows) == [
        (1, "user", "One?", "answered"),
        (2, "assistant", "", "pending"),
        (3, "user", "Two?", "answered"),
        (4, "assistant", "", "pending"),
    ]
    assert Conversation.objects.count() == 1


def test_each_visitor_and_each_assistant_has_a_conversation_of_its_own(
    assistant: Assistant, alice: Visitor, bob: Visitor
) -> None:
    other = Assistant.objects.create(name="Other")
    for who, whom in ((alice, assistant), (bob, assistant), (alice, other)):
        asked_by(whom, who, "Hello?")
    assert Conversation.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_questions_asked_at_the_same_moment_get_places_of_their_own(assistant: Assistant, alice: Visitor) -> None:
    asked_by(assistant, alice, "First?")

    def ask(number: int) -> None:
        asked_by(assistant, alice, f"{number}?")
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(8)))
    assert list(Message.objects.values_list("position", flat=True)) == list(range(1, 19))


def test_after_starting_over_the_next_question_begins_a_conversation(assistant: Assistant, alice: Visitor) -> None:
    first = asked_by(assistant, alice, "One?")
    services.start_over(assistant=assistant, visitor_id=alice.id)
    second = asked_by(assistant, alice, "Two?")
    assert first.conversation_id != second.conversation_id
    assert second.position == 2


def test_starting_over_leaves_other_visitors_alone(assistant: Assistant, alice: Visitor) -> None:
    asked_by(assistant, alice, "One?")
    services.start_over(assistant=assistant, visitor_id=uuid.uuid4())
    assert Conversation.objects.get().ended_at is None


def test_the_last_thumb_counts(assistant: Assistant, alice: Visitor) -> None:
    reply = asked_by(assistant, alice, "One?")
    for value in (Message.Feedback.UP, Message.Feedback.DOWN):
        services.give_feedback(reply, value)
    reply.refresh_from_db()
    assert reply.feedback == -1
