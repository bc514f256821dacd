"""Sending the corrected answer to a visitor who left an address, because a person pressed the button for it."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from chatbot.models import Conversation, Message
from knowledge.markdown import plain_text
from review.models import Reasked


class SendError(Exception):
    """It was not sent; the message says why and what to do."""


def address_of(conversation: Conversation) -> str:
    """Return where a visitor can be written to; "" where nobody knows."""
    if conversation.user_email:
        return conversation.user_email
    request = conversation.contact_requests.order_by("-created_at").first()
    return request.email if request else ""


def send(proof: Reasked) -> str:
    """Send the new answer, once; returns the address. Raises SendError."""
    conversation = proof.reply.conversation
    address = address_of(conversation)
    if not address:
        raise SendError("This visitor left no address.")
    if not settings.EMAIL_HOST:
        raise SendError("No mail server is set up: set EMAIL_HOST, then try again.")
    if proof.outcome not in (Message.Outcome.QUOTE, Message.Outcome.WRITE):
        raise SendError("There is no answer to send: the question is still not answered.")
    if not Reasked.objects.filter(pk=proof.pk, sent_at=None).update(sent_at=timezone.now()):
        raise SendError("It was sent already.")
    question = Message.objects.get(conversation=conversation, position=proof.reply.position - 1)
    name = conversation.assistant.name
    message = EmailMessage(
        subject=f"{name}: {' '.join(question.text.split())[:120]}",
        body=f"You asked:\n\n{question.text}\n\nOur first answer was not good. Here is a better one:\n\n"
        f"{plain_text(proof.text)}\n\n{name}\n",
        to=[address],
        reply_to=[conversation.assistant.contact_email] if conversation.assistant.contact_email else None,
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        Reasked.objects.filter(pk=proof.pk).update(sent_at=None)
        raise SendError(f"The mail server {settings.EMAIL_HOST} did not take it: {error}") from error
    return address
