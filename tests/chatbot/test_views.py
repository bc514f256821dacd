"""The chat's pages: for each that it works, and what the wrong person, id, method and input get."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from chatbot import replies
from chatbot.answering import Draft
from chatbot.models import Assistant, Citation, Message
from chatbot.standing import Listed
from chatbot.visitors import COOKIE
from knowledge.models import Entry
from tests.chatbot.conftest import OPENING, Visitor, asked_by, edit_entry, unpublish_entry

HTMX = {"HX-Request": "true"}


def answered(assistant: Assistant, visitor: Visitor, entry: Entry) -> Message:
    """A reply to `visitor` that quotes `entry`."""
    reply = asked_by(assistant, visitor, entry.question)
    source = Listed(1, entry.pk, entry.version, entry.question, entry.answer, 0.9)
    replies.store(reply.pk, Draft(Message.Outcome.QUOTE, entry.answer, (source,)))
    return reply


@pytest.fixture
def reply(assistant: Assistant, alice: Visitor, opening: Entry) -> Message:
    return answered(assistant, alice, opening)


@pytest.fixture
def source(reply: Message) -> Citation:
    return reply.citations.get()


# --- The page


def test_the_front_page_is_the_default_assistants_chat(client: Client, assistant: Assistant) -> None:
    Assistant.objects.create(name="Zed")
    page = client.get("/")
    assert page.status_code == 200
    assert assistant.greeting in page.text


def test_without_an_assistant_the_front_page_says_what_to_do(client: Client, db: None) -> None:
    page = client.get("/")
    assert "No assistant yet" in page.text


def test_looking_sets_no_visitor_cookie(client: Client, assistant: Assistant) -> None:
    assert COOKIE not in client.get("/").cookies


def test_the_page_shows_the_visitors_conversation_and_nobody_elses(
    assistant: Assistant, reply: Message, alice: Visitor, bob: Visitor
) -> None:
    address = f"/a/{assistant.public_key}/"
    assert "Monday to Friday" in alice.client().get(address).text
    assert "Monday to Friday" not in bob.client().get(address).text


def test_a_forged_cookie_is_nobody(assistant: Assistant, reply: Message, alice: Visitor, client: Client) -> None:
    client.cookies[COOKIE] = f"{alice.id}:forged"
    assert "Monday to Friday" not in client.get("/").text


def test_an_unknown_assistant_is_not_found(client: Client, db: None) -> None:
    assert client.get("/a/unknown/").status_code == 404


def test_the_page_can_only_be_read(client: Client, assistant: Assistant) -> None:
    assert client.post("/").status_code == 405
    assert client.post(f"/a/{assistant.public_key}/").status_code == 405


@pytest.mark.parametrize("turns", [1, 8])
def test_the_page_costs_four_queries_however_long_the_conversation(
    assistant: Assistant,
    alice: Visitor,
    opening: Entry,
    django_assert_num_queries: DjangoAssertNumQueries,
    turns: int,
) -> None:
    for _ in range(turns):
        answered(assistant, alice, opening)
    with django_assert_num_queries(4):
        alice.client().get("/")


# --- Starting over


def test_starting_over_shows_an_empty_page(assistant: Assistant, reply: Message, alice: Visitor) -> None:
    client = alice.client()
    response = client.post(f"/a/{assistant.public_key}/start-over/")
    assert (response.status_code, response["Location"]) == (303, f"/a/{assistant.public_key}/")
    assert "Monday to Friday" not in client.get("/").text


def test_starting_over_by_htmx_redirects_the_page(assistant: Assistant, alice: Visitor) -> None:
    response = alice.client().post(f"/a/{assistant.public_key}/start-over/", headers=HTMX)
    assert (response.status_code, response["HX-Redirect"]) == (200, f"/a/{assistant.public_key}/")
    assert "HX-Request" in response["Vary"]


def test_nobody_can_end_somebody_elses_conversation(
    assistant: Assistant, reply: Message, alice: Visitor, bob: Visitor
) -> None:
    assert bob.client().post(f"/a/{assistant.public_key}/start-over/").status_code == 303
    assert "Monday to Friday" in alice.client().get("/").text


def test_starting_over_needs_a_post_and_a_known_assistant(client: Client, assistant: Assistant) -> None:
    assert client.get(f"/a/{assistant.public_key}/start-over/").status_code == 405
    assert client.post("/a/unknown/start-over/").status_code == 404


# --- Feedback


@pytest.mark.parametrize(("value", "stored"), [("up", 1), ("down", -1), ("none", 0)])
def test_a_thumb_is_stored_and_shown(reply: Message, alice: Visitor, value: str, stored: int) -> None:
    response = alice.client().post(
        f"/a/{reply.conversation.assistant.public_key}/messages/{reply.pk}/feedback/", {"value": value}, headers=HTMX
    )
    reply.refresh_from_db()
    assert (response.status_code, reply.feedback) == (200, stored)
    assert response.text.count('aria-pressed="true"') == abs(stored)


def test_without_htmx_a_thumb_leads_back_to_the_reply(reply: Message, alice: Visitor, assistant: Assistant) -> None:
    response = alice.client().post(f"/a/{assistant.public_key}/messages/{reply.pk}/feedback/", {"value": "up"})
    assert (response.status_code, response["Location"]) == (303, f"/a/{assistant.public_key}/#m-{reply.pk}")


def test_only_the_visitor_who_got_a_reply_can_judge_it(reply: Message, bob: Visitor, client: Client) -> None:
    for who in (bob.client(), client):
        assert (
            who.post(
                f"/a/{reply.conversation.assistant.public_key}/messages/{reply.pk}/feedback/", {"value": "down"}
            ).status_code
            == 404
        )
    reply.refresh_from_db()
    assert reply.feedback == 0


def test_only_finished_replies_can_be_judged(assistant: Assistant, alice: Visitor) -> None:
    pending = asked_by(assistant, alice, "When?")
    question = Message.objects.get(position=1)
    for message in (pending, question):
        assert (
            alice.client()
            .post(f"/a/{assistant.public_key}/messages/{message.pk}/feedback/", {"value": "up"})
            .status_code
            == 404
        )


def test_a_judgement_must_be_one_of_three(reply: Message, alice: Visitor) -> None:
    assert (
        alice.client()
        .post(f"/a/{reply.conversation.assistant.public_key}/messages/{reply.pk}/feedback/", {"value": "5"})
        .status_code
        == 400
    )
    assert (
        alice.client().post(f"/a/{reply.conversation.assistant.public_key}/messages/{reply.pk}/feedback/").status_code
        == 400
    )
    assert (
        alice.client().get(f"/a/{reply.conversation.assistant.public_key}/messages/{reply.pk}/feedback/").status_code
        == 405
    )
    assert (
        alice.client()
        .post(f"/a/{reply.conversation.assistant.public_key}/messages/{uuid.uuid4()}/feedback/", {"value": "up"})
        .status_code
        == 404
    )


# --- Sources


def test_a_source_is_shown_as_it_was_quoted(source: Citation, alice: Visitor) -> None:
    page = alice.client().get(f"/a/{source.message.conversation.assistant.public_key}/sources/{source.pk}/")
    assert page.status_code == 200
    assert "<strong>Monday to Friday, 9 to 17</strong>" in page.text
    assert OPENING[0] in page.text


def test_a_source_says_that_its_entry_was_edited_since(source: Citation, alice: Visitor, opening: Entry) -> None:
    edit_entry(opening, "At weekends.")
    page = alice.client().get(f"/a/{source.message.conversation.assistant.public_key}/sources/{source.pk}/").text
    assert "edited since" in page
    assert "Monday to Friday" in page


@pytest.mark.parametrize("leave", [unpublish_entry, lambda entry: entry.delete()])
def test_a_source_says_that_its_entry_is_gone(
    source: Citation, alice: Visitor, opening: Entry, leave: Callable[[Entry], object]
) -> None:
    leave(opening)
    assert (
        "no longer published"
        in alice.client().get(f"/a/{source.message.conversation.assistant.public_key}/sources/{source.pk}/").text
    )


def test_a_source_is_not_shown_to_others(source: Citation, bob: Visitor, client: Client) -> None:
    for who in (bob.client(), client):
        assert who.get(f"/a/{source.message.conversation.assistant.public_key}/sources/{source.pk}/").status_code == 404


@pytest.mark.parametrize(("permitted", "status"), [(True, 200), (False, 404)])
def test_staff_see_sources_if_they_may_read_conversations(
    source: Citation, client: Client, permitted: bool, status: int
) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    if permitted:
        staff.groups.set(Group.objects.filter(name="Staff"))
    client.force_login(staff)
    assert (
        client.get(f"/a/{source.message.conversation.assistant.public_key}/sources/{source.pk}/").status_code == status
    )


def test_a_source_can_only_be_read_and_must_exist(source: Citation, alice: Visitor) -> None:
    assert (
        alice.client().post(f"/a/{source.message.conversation.assistant.public_key}/sources/{source.pk}/").status_code
        == 405
    )
    assert (
        alice.client().get(f"/a/{source.message.conversation.assistant.public_key}/sources/{uuid.uuid4()}/").status_code
        == 404
    )
    assert (
        alice.client().get(f"/a/{source.message.conversation.assistant.public_key}/sources/no-uuid/").status_code == 404
    )


def test_an_offer_is_no_source(assistant: Assistant, alice: Visitor, opening: Entry) -> None:
    reply = asked_by(assistant, alice, "When?")
    offer = Listed(1, opening.pk, 1, opening.question, opening.answer, 0.3)
    replies.store(reply.pk, Draft(Message.Outcome.DECLINE, "No.", offers=(offer,)))
    assert alice.client().get(f"/a/{assistant.public_key}/sources/{reply.citations.get().pk}/").status_code == 404


# --- Refused questions (those that are taken are in test_asking.py)


@pytest.mark.parametrize("question", ["", "  \n ", "a\x00b", "x" * 4_001, "x" * 100_000])
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_refused_question_comes_back_with_its_text_and_a_reason(
    assistant: Assistant, client: Client, question: str, headers: dict[str, str]
) -> None:
    response = client.post(f"/a/{assistant.public_key}/ask/", {"question": question}, headers=headers)
    assert response.status_code == 422
    assert 'aria-describedby="question-error"' in response.text
    assert ("<html" in response.text) is not bool(headers)
    assert question.strip()[:4_000] in response.text
    assert "HX-Request" in response["Vary"]
    assert not Message.objects.exists()
    assert COOKIE not in response.cookies


def test_binary_input_is_refused(assistant: Assistant, client: Client) -> None:
    response = client.post(
        f"/a/{assistant.public_key}/ask/",
        b"question=%00%ff%fe%89PNG",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 422


def test_asking_needs_a_post_a_known_assistant_and_a_csrf_token(assistant: Assistant, client: Client) -> None:
    address = f"/a/{assistant.public_key}/ask/"
    assert client.get(address).status_code == 405
    assert client.post("/a/unknown/ask/", {"question": "When?"}).status_code == 404
    assert Client(enforce_csrf_checks=True).post(address, {"question": "When?"}).status_code == 403
    assert not Message.objects.exists()


def test_the_visitor_cookie_is_out_of_reach_for_scripts_and_secure_in_production(
    assistant: Assistant, client: Client, settings: Settings
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    response = client.post(f"/a/{assistant.public_key}/ask/", {"question": "When?"}, headers=HTMX)
    cookie = response.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert cookie["max-age"] == 180 * 24 * 3600
    again = client.post(f"/a/{assistant.public_key}/ask/", {"question": "And?"}, headers=HTMX)
    assert COOKIE not in again.cookies
