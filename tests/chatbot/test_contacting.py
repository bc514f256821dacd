"""Requests for a person: stored, passed on by real mail and a real webhook, tried again, and never promised falsely."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chatbot import contacting, services
from chatbot.contacting import PAUSES_S, deliver_due
from chatbot.models import Assistant, ContactRequest, Conversation, Delivery
from chatbot.services import Circumstances
from tests.chatbot.conftest import OPENING, Visitor, asked_by
from tests.chatbot.mail_server import MailServer, mail_server
from tests.chatbot.test_outbound import answering


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    """A mail server, set up as an operator would."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "candor@shop.example"
        yield server


class Hook:
    """A webhook that keeps what it gets."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.got.append(({name.lower(): value for name, value in handler.headers.items()}, body))
        handler.send_response(self.status)
        handler.send_header("Content-Length", "4")
        handler.end_headers()
        handler.wfile.write(b"well")


@pytest.fixture
def hook(assistant: Assistant, settings: Settings) -> Iterator[Hook]:
    """A webhook on this machine, which whoever runs the server has named."""
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]
    made = Hook()
    with answering(made.respond) as url:
        assistant.contact_webhook = f"{url}/candor?x=1"
        assistant.save()
        yield made


def request_contact(assistant: Assistant, visitor: Visitor, words: str = "Please call.") -> ContactRequest:
    reply = asked_by(assistant, visitor, OPENING[0])
    return services.request_contact(
        assistant=assistant,
        visitor_id=visitor.id,
        conversation=reply.conversation,
        email="ann@example.com",
        words=words,
        consent="",
        circumstances=Circumstances(),
    )


def come_due() -> None:
    Delivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))


# --- By mail


def test_the_team_gets_a_letter_that_can_be_answered(assistant: Assistant, alice: Visitor, mail: MailServer) -> None:
    assistant.contact_email = "team@shop.example"
    assistant.save()
    request_contact(assistant, alice)
    assert deliver_due() == 1
    (letter,) = mail.letters
    assert (letter["To"], letter["Reply-To"]) == ("team@shop.example", "ann@example.com")
    assert OPENING[0] in letter["Subject"]
    text = letter.get_content()
    assert OPENING[0] in text
    assert "Please call." in text
    assert "/admin/chatbot/contactrequest/" in text
    assert Delivery.objects.get().status == "sent"
    come_due()
    assert deliver_due() == 0
    assert len(mail.letters) == 1


def test_words_cannot_add_lines_to_a_letters_head(assistant: Assistant, alice: Visitor, mail: MailServer) -> None:
    assistant.contact_email = "team@shop.example"
    assistant.name = "Shop\nBcc: all@evil.example"
    assistant.save()
    reply = asked_by(assistant, alice, "Hello\r\nBcc: all@evil.example")
    services.request_contact(
        assistant=assistant,
        visitor_id=alice.id,
        conversation=reply.conversation,
        email="ann@example.com",
        words="",
        consent="",
        circumstances=Circumstances(),
    )
    deliver_due()
    assert [letter["Bcc"] for letter in mail.letters] in ([None], [])


def test_a_letter_that_is_refused_is_tried_again_and_given_up_after_a_day(
    assistant: Assistant, alice: Visitor, mail: MailServer
) -> None:
    assistant.contact_email = "team@shop.example"
    assistant.save()
    request_contact(assistant, alice)
    mail.refuses = True
    assert deliver_due() == 0
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("waiting", 1)
    assert "not now" in delivery.error
    assert deliver_due() == 0  # not due yet
    assert Delivery.objects.get().attempts == 1
    for _ in PAUSES_S:
        come_due()
        deliver_due()
    assert Delivery.objects.get().status == "failed"
    mail.refuses = False
    services.retry_deliveries(Delivery.objects.all())
    assert deliver_due() == 1


def test_without_a_mail_server_staff_are_told_so(assistant: Assistant, alice: Visitor, settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    assistant.contact_email = "team@shop.example"
    assistant.save()
    request_contact(assistant, alice)
    assert deliver_due() == 0
    delivery = Delivery.objects.get()
    assert delivery.status == "failed"
    assert "EMAIL_HOST" in delivery.error


def test_a_request_at_which_every_worker_dies_is_given_up(
    assistant: Assistant, alice: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant.contact_email = "team@shop.example"
    assistant.save()
    request_contact(assistant, alice)

    def die(_: Delivery) -> None:
        raise MemoryError

    monkeypatch.setitem(contacting._WAYS, "email", die)
    for _ in range(len(PAUSES_S) + 1):
        come_due()
        with pytest.raises(MemoryError):
            deliver_due()
    come_due()
    assert deliver_due() == 0
    assert Delivery.objects.get().status == "failed"


# --- By webhook


def test_a_webhook_gets_the_request_signed(assistant: Assistant, alice: Visitor, hook: Hook) -> None:
    request = request_contact(assistant, alice)
    assert deliver_due() == 1
    ((headers, body),) = hook.got
    said = json.loads(body)
    assert said["type"] == "contact.requested"
    assert (said["data"]["id"], said["data"]["email"]) == (str(request.pk), "ann@example.com")
    assert OPENING[0] in said["data"]["transcript"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    proof = hmac.new(assistant.webhook_secret.encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(proof).decode()


def test_a_webhook_that_fails_is_tried_again_under_the_same_id(
    assistant: Assistant, alice: Visitor, hook: Hook
) -> None:
    request_contact(assistant, alice)
    hook.status = 503
    deliver_due()
    assert "status 503" in Delivery.objects.get().error
    hook.status = 200
    come_due()
    assert deliver_due() == 1
    assert len({headers["webhook-id"] for headers, _ in hook.got}) == 1


def test_a_webhook_that_is_gone_for_good_is_left(assistant: Assistant, alice: Visitor, hook: Hook) -> None:
    request_contact(assistant, alice)
    hook.status = 410
    deliver_due()
    assert Delivery.objects.get().status == "failed"


def test_nothing_is_sent_inward_even_if_the_address_was_allowed_once(
    assistant: Assistant, alice: Visitor, hook: Hook, settings: Settings
) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = []
    request_contact(assistant, alice)
    assert deliver_due() == 0
    assert "private network" in Delivery.objects.get().error
    assert hook.got == []


def test_two_workers_deliver_once(assistant: Assistant, alice: Visitor, hook: Hook) -> None:
    request_contact(assistant, alice)
    (delivery,) = Delivery.objects.all()
    assert contacting._deliver(delivery.pk)
    assert not contacting._deliver(delivery.pk)
    assert len(hook.got) == 1


# --- What visitors are told, and asked


@pytest.mark.parametrize(
    ("own", "host", "told"),
    [
        ({}, "mail.shop.example", "kept for the team"),
        ({"contact_email": "team@shop.example"}, "mail.shop.example", "sent to the team"),
        ({"contact_email": "team@shop.example"}, "", "kept for the team"),
        ({"contact_webhook": "https://hooks.example/x"}, "", "sent to the team"),
        ({"contact_next": "Ben calls back before noon."}, "", "Ben calls back before noon."),
    ],
)
def test_visitors_are_told_what_is_true(
    client: Client, assistant: Assistant, settings: Settings, own: dict[str, Any], host: str, told: str
) -> None:
    settings.EMAIL_HOST = host
    Assistant.objects.update(**own)
    assert told in client.get(f"/a/{assistant.public_key}/contact/").text


def test_a_request_needs_an_address_and_then_is_kept_with_the_conversation(
    assistant: Assistant, alice: Visitor
) -> None:
    asked_by(assistant, alice, OPENING[0])
    address = f"/a/{assistant.public_key}/contact/"
    empty = alice.client().post(address, {"email": "", "words": "Hello"})
    assert empty.status_code == 422
    assert "Without an address" in empty.text
    assert "Hello" in empty.text
    assert alice.client().post(address, {"email": "no address"}).status_code == 422
    assert not ContactRequest.objects.exists()
    sent = alice.client().post(address, {"email": "ann@example.com", "words": "Hello"})
    assert "ann@example.com" in sent.text
    request = ContactRequest.objects.get()
    assert request.conversation.messages.count() == 2
    again = alice.client().get(address).text
    assert "answered at ann@example.com" in again
    assert 'name="email"' not in again
    assert alice.client().post(address, {"words": "Once more"}).status_code == 200


def test_somebody_new_can_ask_for_a_person_at_once(client: Client, assistant: Assistant) -> None:
    response = client.post(f"/a/{assistant.public_key}/contact/", {"email": "ann@example.com"})
    assert response.status_code == 200
    assert Conversation.objects.get().contact_requests.count() == 1
    assert "candor_visitor" in response.cookies


def test_consent_is_asked_for_where_the_assistant_wants_it_and_kept_as_it_was(
    client: Client, assistant: Assistant
) -> None:
    assistant.consent = "I agree to the [rules](https://shop.example/rules)."
    assistant.save()
    address = f"/a/{assistant.public_key}/contact/"
    assert 'href="https://shop.example/rules"' in client.get(address).text
    assert client.post(address, {"email": "ann@example.com"}).status_code == 422
    assert client.post(address, {"email": "ann@example.com", "consent": "on"}).status_code == 200
    assert ContactRequest.objects.get().consent == assistant.consent


def test_an_assistant_may_have_no_way_to_a_person(client: Client, assistant: Assistant) -> None:
    Assistant.objects.update(contact_enabled=False)
    assert client.get(f"/a/{assistant.public_key}/contact/").status_code == 404
    assert "Talk to a person" not in client.get(f"/a/{assistant.public_key}/").text


def test_requests_from_one_address_are_limited(client: Client, assistant: Assistant, settings: Settings) -> None:
    settings.LIMIT_ADDRESS_PER_MINUTE = 60
    address = f"/a/{assistant.public_key}/contact/"
    statuses = [client.post(address, {"email": "ann@example.com"}).status_code for _ in range(7)]
    assert statuses[:5] == [200] * 5
    assert statuses[5:] == [429] * 2
    assert ContactRequest.objects.count() == 5


def test_deleting_a_conversation_deletes_its_requests(assistant: Assistant, alice: Visitor, bob: Visitor) -> None:
    request_contact(assistant, alice)
    request_contact(assistant, bob)
    deleted = services.delete_conversations(assistant=assistant, visitor_id=alice.id)
    assert (deleted.conversations, deleted.questions, deleted.requests) == (1, 1, 1)
    assert ContactRequest.objects.get().conversation.visitor_id == bob.id
    nothing = services.delete_conversations(assistant=assistant, visitor_id=uuid.uuid4())
    assert nothing.conversations == 0
