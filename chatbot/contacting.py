"""Passing contact requests on to people, by e-mail and webhook, until they arrive or a day has gone by.

State lives on the rows: a worker that dies, or a broker that loses a message, delays a request and loses none.
"""

import base64
import hashlib
import hmac
import json
import smtplib
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from chatbot import outbound
from chatbot.models import Assistant, ContactRequest, Delivery
from chatbot.outbound import TargetError, UnreachableError
from chatbot.transcripts import transcript

# Seconds to the next try after the first, the second … failure; after the last it has failed for good.
PAUSES_S = (10, 60, 300, 1_800, 7_200, 21_600, 43_200)
# Whoever tries has it for so long; then it is anybody's again.
LEASE_S = 120
ANSWER_BYTES = 2_000
log = structlog.get_logger(__name__)
Kind, Status = Delivery.Kind, Delivery.Status


class DeliveryError(Exception):
    """It did not arrive; the message is for staff. `for_good`: another try would end the same way."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


def ways_of(assistant: Assistant) -> list[tuple[Delivery.Kind, str]]:
    """Return on which ways an assistant's requests are passed on, each with its target."""
    ways = [(Kind.EMAIL, assistant.contact_email), (Kind.WEBHOOK, assistant.contact_webhook)]
    return [(kind, target) for kind, target in ways if target]


def reaches_somebody(assistant: Assistant) -> bool:
    """Tell whether there is a way that can work: mail needs a server."""
    return any(kind != Kind.EMAIL or settings.EMAIL_HOST for kind, _ in ways_of(assistant))


def what_happens_next(assistant: Assistant) -> str:
    """Return what visitors are told: the assistant's own words, or what is true of any that is set up like it."""
    if assistant.contact_next:
        return assistant.contact_next
    if reaches_somebody(assistant):
        return gettext("Your request is sent to the team, who can answer to your e-mail address.")
    return gettext("Your request is kept for the team to read. Nobody is notified at once.")


def deliver_due() -> int:
    """Try every delivery whose time has come, each once; returns how many arrived. Safe in many workers at once."""
    due = Delivery.objects.filter(status=Status.WAITING, next_at__lte=timezone.now()).order_by("next_at")
    return sum(_deliver(delivery_id) for delivery_id in list(due.values_list("pk", flat=True)[:200]))


def _deliver(delivery_id: uuid.UUID) -> bool:
    now = timezone.now()
    mine = Delivery.objects.filter(pk=delivery_id, status=Status.WAITING, next_at__lte=now)
    if not mine.update(next_at=now + timedelta(seconds=LEASE_S), attempts=F("attempts") + 1):
        return False
    delivery = Delivery.objects.select_related("request__conversation__assistant", "request__assistant").get(
        pk=delivery_id
    )
    if delivery.attempts > len(PAUSES_S) + 1:
        _put_off(delivery, DeliveryError("Whoever tried to send it did not come to an end, again and again."))
        return False
    try:
        _WAYS[delivery.kind](delivery)
    except DeliveryError as error:
        _put_off(delivery, error)
        return False
    delivery.status, delivery.sent_at, delivery.error = Status.SENT, timezone.now(), ""
    delivery.save(update_fields=["status", "sent_at", "error"])
    return True


def _put_off(delivery: Delivery, error: DeliveryError) -> None:
    if error.for_good or delivery.attempts > len(PAUSES_S):
        delivery.status = Status.FAILED
    else:
        delivery.next_at = timezone.now() + timedelta(seconds=PAUSES_S[delivery.attempts - 1])
    delivery.error = str(error)[:1_000]
    delivery.save(update_fields=["status", "next_at", "error"])
    log.warning("contact_not_delivered", kind=delivery.kind, attempts=delivery.attempts, reason=delivery.error)


def _send_email(delivery: Delivery) -> None:
    if not settings.EMAIL_HOST:
        raise DeliveryError("No mail server is set up: set EMAIL_HOST, then try again.", for_good=True)
    request = delivery.request
    message = EmailMessage(
        subject=f"{request.assistant.name}: {' '.join(_first_words(request).split())[:120]}",
        body=_letter(request),
        to=[delivery.target],
        reply_to=[request.email],
        headers={"Message-ID": f"<{delivery.pk}@{_domain()}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryError(f"The mail server {settings.EMAIL_HOST} did not take it: {error}") from error


def _send_webhook(delivery: Delivery) -> None:
    body = json.dumps(_payload(delivery.request)).encode()
    headers = {"Content-Type": "application/json", **signature(delivery.request.assistant, str(delivery.pk), body)}
    try:
        answer = outbound.send(delivery.target, method="POST", body=body, headers=headers, max_bytes=ANSWER_BYTES)
    except TargetError as error:
        raise DeliveryError(str(error), for_good=True) from error
    except UnreachableError as error:
        raise DeliveryError(str(error)) from error
    if not 200 <= answer.status < 300:
        said = answer.body[:200].decode(errors="replace").strip()
        raise DeliveryError(f"The webhook answered with status {answer.status}. {said}", for_good=answer.status == 410)


def signature(assistant: Assistant, message_id: str, body: bytes) -> dict[str, str]:
    """Return the headers that prove that a webhook is ours, as in the Standard Webhooks specification."""
    at = str(int(timezone.now().timestamp()))
    signed = hmac.new(assistant.webhook_secret.encode(), f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    proof = base64.b64encode(signed.digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": f"v1,{proof}"}


def _payload(request: ContactRequest) -> dict[str, Any]:
    conversation = request.conversation
    return {
        "type": "contact.requested",
        "timestamp": request.created_at.isoformat(),
        "data": {
            "id": str(request.pk),
            "assistant": request.assistant.name,
            "email": request.email,
            "words": request.words,
            "user": conversation.user,
            "language": conversation.language,
            "page": conversation.page,
            "conversation": str(conversation.pk),
            "url": admin_url(request),
            "transcript": transcript(conversation),
        },
    }


def _letter(request: ContactRequest) -> str:
    lines = [
        f"{request.email} asks for a person. Answering this message answers them.",
        request.words,
        f"In the admin: {admin_url(request)}",
        "What was said before:",
        transcript(request.conversation),
    ]
    return "\n\n".join(line for line in lines if line)


def admin_url(request: ContactRequest) -> str:
    """Return where staff find a request."""
    return settings.SITE_URL + reverse("admin:chatbot_contactrequest_change", args=[request.pk])


def _first_words(request: ContactRequest) -> str:
    asked = request.conversation.messages.filter(role="user").order_by("-position").first()
    return asked.text if asked else request.words or request.email


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "localhost"


_WAYS: dict[str, Callable[[Delivery], None]] = {Kind.EMAIL: _send_email, Kind.WEBHOOK: _send_webhook}
