"""Ten thousand messages in one conversation: every page of it is as short and as cheap as any other."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chatbot import replies, services
from chatbot.models import Assistant, Conversation, Message
from chatbot.prompts import MAX_TURNS
from chatbot.selectors import MOST_TURNS, turns_before
from tests.chatbot.conftest import OPENING, Visitor
from tests.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)
TURNS = 5_000
HTMX = {"HX-Request": "true"}


@pytest.fixture
def conversation(assistant: Assistant, alice: Visitor) -> Conversation:
    made = Conversation.objects.create(assistant=assistant, visitor_id=alice.id)
    Message.objects.bulk_create(
        Message(conversation=made, position=2 * turn + place, role=role, text=f"{word} {turn:04}")
        for turn in range(TURNS)
        for place, role, word in ((1, Message.Role.USER, "Asked"), (2, Message.Role.ASSISTANT, "Said"))
    )
    return made


def asked_in(page: str) -> list[str]:
    return re.findall(r"Asked (\d{4})", page)


def earlier_in(page: str) -> str | None:
    found = re.search(r'id="earlier" href="([^"]+)"', page)
    return found and found[1]


def test_the_page_shows_the_end_and_the_way_back(conversation: Conversation, alice: Visitor) -> None:
    page = alice.client().get("/").content.decode()
    assert asked_in(page) == [f"{turn:04}" for turn in range(TURNS - MOST_TURNS, TURNS)]
    assert len(page) < 200_000
    before = alice.client().get(earlier_in(page) or "").content.decode()
    assert asked_in(before) == [f"{turn:04}" for turn in range(TURNS - 2 * MOST_TURNS, TURNS - MOST_TURNS)]
    assert "Back to the latest" in before
    assert "<form" in before


def test_by_htmx_only_the_turns_come(conversation: Conversation, alice: Visitor) -> None:
    url = earlier_in(alice.client().get("/").content.decode()) or ""
    part = alice.client().get(url, headers=HTMX)
    assert len(asked_in(part.content.decode())) == MOST_TURNS
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]


def test_the_beginning_is_reached_and_said_to_be_it(conversation: Conversation, alice: Visitor) -> None:
    url = f"/a/{conversation.assistant.public_key}/?before={2 * MOST_TURNS + 1}"
    page = alice.client().get(url).content.decode()
    assert asked_in(page)[0] == "0000"
    assert earlier_in(page) is None
    assert "The conversation begins here." in page


@pytest.mark.parametrize("nonsense", ["", "x", "-5", "1e9", "99999999999999999999", "٣"])
def test_a_position_that_is_none_shows_the_end(conversation: Conversation, alice: Visitor, nonsense: str) -> None:
    page = alice.client().get(f"/a/{conversation.assistant.public_key}/?before={nonsense}").content.decode()
    assert asked_in(page)[-1] == f"{TURNS - 1:04}"


def test_nobody_else_sees_earlier_turns(conversation: Conversation, bob: Visitor) -> None:
    url = f"/a/{conversation.assistant.public_key}/?before=500"
    assert asked_in(bob.client().get(url).content.decode()) == []
    assert asked_in(bob.client().get(url, headers=HTMX).content.decode()) == []


def test_a_page_costs_as_much_as_of_a_short_conversation(
    conversation: Conversation, alice: Visitor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):
        alice.client().get("/")


def test_the_next_question_is_asked_with_the_last_turns_only(conversation: Conversation, alice: Visitor) -> None:
    reply = services.ask(assistant=conversation.assistant, visitor_id=alice.id, question=OPENING[0])[1]
    assert reply.position == 2 * TURNS + 2
    asked = replies.claim(reply.pk)
    assert asked is not None
    assert len(asked.history) <= MAX_TURNS
    assert asked.history[-1].question == f"Asked {TURNS - 1:04}"


def test_staff_read_it_page_by_page(conversation: Conversation) -> None:
    User.objects.create_superuser("root", password="x")
    client: Client = client_of(User.objects.get())
    url = reverse("admin:chatbot_conversation_change", args=[conversation.pk])
    page = client.get(url).content.decode()
    assert len(re.findall(r"staff-question", page)) == MOST_TURNS
    before = turns_before(conversation, None).before
    assert f"?before={before}" in page
    assert f"Said {TURNS - MOST_TURNS - 1:04}" in client.get(f"{url}?before={before}").content.decode()
