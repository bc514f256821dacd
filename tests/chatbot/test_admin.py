"""Assistants and conversations in the admin: what staff read, and that nobody rewrites what was said."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chatbot.models import Assistant, Citation, Conversation, Message
from knowledge.models import Entry, KnowledgeBase
from tests.people import client_of, editor_client, let_read, nobody_client, staff_client

pytestmark = pytest.mark.django_db
LIST = reverse("admin:chatbot_conversation_changelist")
ASSISTANTS = reverse("admin:chatbot_assistant_changelist")


@pytest.fixture
def ada(db: None) -> Assistant:
    made = Assistant.objects.create(name="Ada")
    made.knowledge_bases.add(KnowledgeBase.objects.create(name="Garage", slug="garage"))
    let_read(made)
    return made


def converse(assistant: Assistant, question: str = "When are you open?", **reply: Any) -> Message:
    """A finished turn; returns the reply."""
    conversation = Conversation.objects.create(assistant=assistant, visitor_id=uuid.uuid4())
    Message.objects.create(conversation=conversation, position=0, role=Message.Role.USER, text=question)
    fields = {"text": "**At nine.**", "outcome": Message.Outcome.QUOTE, "finished_at": timezone.now()} | reply
    return Message.objects.create(conversation=conversation, position=1, role=Message.Role.ASSISTANT, **fields)


def cite(reply: Message, **fields: Any) -> Citation:
    words = {"question": "Opening hours?", "quoted_text": "At nine.", "entry_version": 3, "similarity": 0.875}
    return Citation.objects.create(message=reply, number=1, **words | fields)


def page_url(reply: Message) -> str:
    return reverse("admin:chatbot_conversation_change", args=[reply.conversation_id])


def read(client: Client, reply: Message) -> str:
    return client.get(page_url(reply)).content.decode()


# --- conversations


def test_the_list_shows_what_was_asked_and_how_it_went(ada: Assistant) -> None:
    converse(ada, status=Message.Status.DECLINED, feedback=Message.Feedback.DOWN)
    seen = staff_client().get(LIST).content.decode()
    assert "When are you open?" in seen
    for column, number in {"questions": 1, "declined": 1, "failed": 0, "thumbs_down": 1}.items():
        assert f'<td class="field-{column}">{number}</td>' in seen


def test_the_list_costs_the_same_for_one_row_and_for_many(ada: Assistant) -> None:
    client, counts = staff_client(), []
    for number in (1, 12):
        for _ in range(number):
            converse(ada)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_conversations_are_found_by_the_words_said_in_them(ada: Assistant) -> None:
    converse(ada, "Where is the zebra?")
    converse(ada, "Other?", text="A zebra, too.")
    converse(ada, "Neither?")
    seen = staff_client().get(LIST, {"q": "zebra"}).content.decode()
    assert "Where is the zebra?" in seen
    assert "Other?" in seen
    assert "Neither?" not in seen


@pytest.mark.parametrize("query", ["messages__status__exact=failed", "messages__feedback__exact=-1"])
def test_conversations_are_filtered_by_how_a_reply_went(ada: Assistant, query: str) -> None:
    converse(ada, "Bad?", status=Message.Status.FAILED, feedback=Message.Feedback.DOWN)
    converse(ada, "Good?")
    seen = staff_client().get(f"{LIST}?{query}").content.decode()
    assert "Bad?" in seen
    assert "Good?" not in seen


def test_a_turn_is_shown_with_all_that_it_rests_on(ada: Assistant) -> None:
    reply = converse(ada, status="failed", failure="The model was silent.", trace={"decision": "write", "why": "Grün."})
    base = ada.knowledge_bases.get()
    entry = Entry.objects.create(knowledge_base=base, question="Opening hours?", answer="At nine.")
    cite(reply, entry=entry)
    seen = read(staff_client(), reply)
    for part in (
        "<strong>At nine.</strong>",
        "The model was silent.",
        "0.875",
        "Grün.",
    ):
        assert part in seen
    assert reverse("admin:knowledge_entry_change", args=[entry.pk]) in seen


def test_a_source_whose_entry_was_deleted_is_still_named(ada: Assistant) -> None:
    reply = converse(ada)
    cite(reply, entry=None)
    assert "Opening hours? (deleted since)" in read(staff_client(), reply)


def test_what_visitors_wrote_is_shown_as_text(ada: Assistant) -> None:
    reply = converse(ada, "<script>alert(1)</script>", text="<img src=x onerror=alert(1)>")
    seen = read(staff_client(), reply)
    assert "<script>alert" not in seen
    assert "<img src=x" not in seen


def test_a_conversation_costs_the_same_for_one_turn_and_for_many(ada: Assistant) -> None:
    reply = converse(ada)
    client, counts = staff_client(), []
    for turns in (0, 6):
        for n in range(turns):
            Message.objects.create(conversation=reply.conversation, position=2 + 2 * n, role="user", text="And?")
            more = Message.objects.create(
                conversation=reply.conversation, position=3 + 2 * n, role="assistant", text="So.", outcome="quote"
            )
            cite(more)
        with CaptureQueriesContext(connection) as queries:
            client.get(page_url(reply))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_nobody_adds_or_changes_a_conversation(ada: Assistant) -> None:
    reply = converse(ada)
    root = client_of(User.objects.create_superuser("root"))
    assert root.get(reverse("admin:chatbot_conversation_add")).status_code == 403
    assert root.post(page_url(reply), {"assistant": ada.pk}).status_code == 403
    assert 'name="_save"' not in read(root, reply)


def test_conversations_are_for_staff_only(ada: Assistant) -> None:
    reply = converse(ada)
    for client in (editor_client(), nobody_client()):
        assert client.get(LIST).status_code == 403
        assert client.get(page_url(reply)).status_code == 403
    assert Client().get(page_url(reply)).status_code == 302


def test_an_unknown_conversation_leads_back_to_the_front_page() -> None:
    url = reverse("admin:chatbot_conversation_change", args=[uuid.uuid4()])
    assert staff_client().get(url).status_code == 302


# --- assistants


def test_an_assistant_shows_where_its_chat_is(ada: Assistant) -> None:
    url = reverse("admin:chatbot_assistant_change", args=[ada.pk])
    seen = staff_client().get(url).content.decode()
    assert f'href="/a/{ada.public_key}/"' in seen
    assert staff_client("sue").post(url, {"name": "Eve"}).status_code == 403


def test_an_assistant_that_knows_nothing_is_warned_of(ada: Assistant) -> None:
    ada.knowledge_bases.all().delete()
    client = staff_client()
    warning = "It has no knowledge base, so it cannot answer anything."
    assert warning in client.get(ASSISTANTS).content.decode()
    assert warning in client.get(reverse("admin:chatbot_assistant_change", args=[ada.pk])).content.decode()


def test_an_administrator_adds_an_assistant(ada: Assistant) -> None:
    data = {
        "name": "Bo",
        "knowledge_bases": [ada.knowledge_bases.get().pk],
        "greeting": "Hello.",
        "mode": "ladder",
        "theme": "auto",
        "side": "end",
        "remember_days": "30",
        "no_answer_text": "Sorry.",
        "starter_questions": "",
    }
    client_of(User.objects.create_superuser("root")).post(reverse("admin:chatbot_assistant_add"), data)
    assert Assistant.objects.get(name="Bo").knowledge_bases.get().name == "Garage"


def test_only_one_assistant_is_the_default(ada: Assistant) -> None:
    Assistant.objects.update(is_default=True)
    data = {"name": "Bo", "knowledge_bases": [ada.knowledge_bases.get().pk], "is_default": "on"}
    data |= {"greeting": "Hello.", "no_answer_text": "Sorry.", "starter_questions": ""}
    seen = client_of(User.objects.create_superuser("root")).post(reverse("admin:chatbot_assistant_add"), data)
    assert "Another assistant is the default. Unset it there first." in seen.content.decode()
