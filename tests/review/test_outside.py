"""The desk and the world: a model's draft that a person reads first, and the corrected answer by e-mail."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from chatbot import services
from chatbot.models import Assistant
from knowledge.models import Entry, KnowledgeBase
from review import asking_again, fixing
from review.fixing import Correction
from review.models import AuditEvent, Fix, Reasked, ReviewItem
from tests.chatbot.mail_server import MailServer, mail_server
from tests.chatbot.model_server import ModelServer, says, serving
from tests.review.conftest import decline, only_item

pytestmark = pytest.mark.django_db(transaction=True)
ODD = "any room for my vehicle"


@pytest.fixture
def item(assistant: Assistant) -> ReviewItem:
    reply = decline(assistant, ODD)
    services.request_contact(
        assistant=assistant,
        visitor_id=reply.conversation.visitor_id,
        conversation=reply.conversation,
        email="anna@example.com",
        words="",
        consent="",
        circumstances=services.Circumstances(),
    )
    return only_item()


@pytest.fixture
def model(settings: Any) -> Iterator[ModelServer]:
    with serving(says("Behind the shop there are 12 free parking spaces [1].")) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = "scripted", server.url, "none"
        yield server


@pytest.fixture
def mail(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield server


def test_a_draft_is_written_from_entries_marked_and_not_published(
    desk: Client, item: ReviewItem, model: ModelServer, base: KnowledgeBase
) -> None:
    assert (
        "Draft it from existing entries"
        in desk.get(
            reverse("review:panel", args=[item.pk]), {"kind": "new"}, headers={"HX-Request": "true"}
        ).content.decode()
    )
    text = desk.post(reverse("review:draft", args=[item.pk]), {"question": ODD}).content.decode()
    assert "12 free parking spaces" in text
    assert "A draft, made from existing entries by the model" in text
    assert base.entries.count() == 4
    assert ReviewItem.objects.get().state == "open"


def test_a_draft_with_invented_facts_is_not_handed_out(desk: Client, item: ReviewItem, model: ModelServer) -> None:
    model.script = (says("There are 99 spaces for 7 euros [1]."),)
    text = desk.post(reverse("review:draft", args=[item.pk]), {"question": ODD, "answer": "mine"}).content.decode()
    assert "99 spaces" not in text
    assert "nothing to draft from" in text
    assert ">mine</textarea>" in text


@pytest.fixture
def proven(item: ReviewItem, stan: User, index: Callable[[], None], base: KnowledgeBase) -> Reasked:
    parking = base.entries.get(question="Where can I park my car?")
    fixing.fix(item, Correction(Fix.Kind.WORDING, parking.pk, phrasings=[ODD]), stan)
    index()
    asking_again.prove_waiting()
    return Reasked.objects.get()


def send_url(proof: Reasked) -> str:
    return reverse("review:send", args=[proof.fix_id, proof.pk])


def test_the_corrected_answer_is_offered_and_sent_once(desk: Client, proven: Reasked, mail: MailServer) -> None:
    page = desk.get(reverse("review:fix", args=[proven.fix_id])).content.decode()
    assert "Send the new answer to anna@example.com" in page
    assert "Sent." in desk.post(send_url(proven), follow=True).content.decode()
    assert "It was sent already" in desk.post(send_url(proven), follow=True).content.decode()
    (letter,) = mail.letters
    assert letter["To"] == "anna@example.com"
    assert ODD in letter.get_content()
    assert "12 free parking spaces" in letter.get_content()
    assert AuditEvent.objects.filter(action="send a corrected answer").count() == 1


def test_without_a_mail_server_it_says_what_to_set(desk: Client, proven: Reasked) -> None:
    assert "set EMAIL_HOST" in desk.post(send_url(proven), follow=True).content.decode()
    assert Reasked.objects.get().sent_at is None


def test_a_letter_that_is_refused_can_be_sent_again(desk: Client, proven: Reasked, mail: MailServer) -> None:
    mail.refuses = True
    assert "did not take it" in desk.post(send_url(proven), follow=True).content.decode()
    mail.refuses = False
    desk.post(send_url(proven))
    assert len(mail.letters) == 1


def test_a_fix_that_would_break_golden_questions_asks_for_a_reason(
    desk: Client, item: ReviewItem, base: KnowledgeBase
) -> None:
    from knowledge.services import keep_golden_question

    parking = base.entries.get(question="Where can I park my car?")
    for question in ("where may I park", "is there free parking for cars"):
        keep_golden_question(base, question, parking)
    fields = {"kind": "edit", "entry": parking.pk, "expected_version": parking.version, "phrasings": "",
              "question": "Which colours do bicycles have?", "answer": "Red and blue."}  # fmt: skip
    address = reverse("review:save", args=[item.pk])
    refused = desk.post(address, fields, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert "would break" in refused.content.decode()
    assert Entry.objects.get(pk=parking.pk).question == parking.question
    assert desk.post(address, fields | {"reason": "The car park is gone."}).status_code == 302
    last = Entry.objects.get(pk=parking.pk).history.first()
    assert last.history_change_reason == "Desk: entry edited. The car park is gone."
