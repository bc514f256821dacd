"""What is taken out before anything is kept: addresses and numbers of people, and not prices, dates or codes."""

import time
import uuid

import pytest

from chatbot import services
from chatbot.models import Assistant, LabelledExample, Message
from knowledge.models import GoldenQuestion, KnowledgeBase
from knowledge.redaction import redact
from knowledge.services import keep_golden_question

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("write to anna.b+x@mail.example.co.uk please", "write to [e-mail address] please"),
        ("anna (at) example.com", "[e-mail address]"),
        ("call +44 20 7946 0142!", "call [phone number]!"),
        ("call 0171-123 45 67", "call [phone number]"),
        ("(020) 7946 0142", "[phone number]"),
        ("my card 4111 1111 1111 1111", "my card [card number]"),
        ("5500-0000-0000-0004 was refused", "[card number] was refused"),
        ("378282246310005", "[card number]"),
    ],
)
def test_contact_details_are_taken_out(text: str, kept: str) -> None:
    assert redact(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "error E-4041 on model 2200",
        "it costs 1,299.00 or 1 299",
        "on 2026-11-26, or 26.11.2026",
        "order 12345678",
        "from 9 to 17, 30 days",
        "me @ home",
        "",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", ["1" * 4_000, "a" * 4_000 + "@", "1-" * 2_000, "@." * 2_000, "a.b" * 1_300])
def test_it_stays_quick_on_hostile_text(text: str) -> None:
    began = time.perf_counter()
    redact(text)
    assert time.perf_counter() - began < 1


def test_golden_questions_never_hold_contact_details() -> None:
    base = KnowledgeBase.objects.create(name="Shop", slug="shop")
    keep_golden_question(base, "Where is my parcel? anna@example.com", None)
    assert GoldenQuestion.objects.get().question == "Where is my parcel? [e-mail address]"


@pytest.mark.parametrize(("on", "stored"), [(True, "I am [e-mail address]"), (False, "I am anna@example.com")])
def test_questions_are_stored_without_them_where_that_is_switched_on(on: bool, stored: str) -> None:
    assistant = Assistant.objects.create(name="Ada", redact=on)
    question, reply = services.ask(assistant=assistant, visitor_id=uuid.uuid4(), question="I am anna@example.com")
    services.give_reason(reply, Message.Reason.OTHER, "I am anna@example.com")
    assert Message.objects.get(pk=question.pk).text == stored
    assert Message.objects.get(pk=reply.pk).feedback_text == stored
    assert not LabelledExample.objects.exists()
