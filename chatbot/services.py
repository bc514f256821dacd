"""What visitors change: they ask, judge an answer and start over."""

import uuid

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from chatbot.models import Assistant, Conversation, Message
from chatbot.replies import ASKED_ENTRY


def ask(
    *, assistant: Assistant, visitor_id: uuid.UUID, question: str, entry_id: uuid.UUID | None = None
) -> tuple[Message, Message]:
    """Store a clean question and the empty reply to it; `entry_id` is the entry the visitor chose from an offer."""
    with transaction.atomic():
        open_ones = Conversation.objects.select_for_update().filter(
            assistant=assistant, visitor_id=visitor_id, ended_at=None
        )
        conversation = open_ones.first() or Conversation.objects.create(assistant=assistant, visitor_id=visitor_id)
        last = conversation.messages.aggregate(last=Max("position"))["last"] or 0
        asked = Message.objects.create(
            conversation=conversation, position=last + 1, role=Message.Role.USER, text=question
        )
        reply = Message.objects.create(
            conversation=conversation,
            position=last + 2,
            role=Message.Role.ASSISTANT,
            status=Message.Status.PENDING,
            trace={ASKED_ENTRY: str(entry_id)} if entry_id else {},
        )
    return asked, reply


def give_feedback(reply: Message, value: Message.Feedback) -> None:
    """Note what the visitor thinks of a reply; the last word counts."""
    Message.objects.filter(pk=reply.pk).update(feedback=value)
    reply.feedback = value


def start_over(*, assistant: Assistant, visitor_id: uuid.UUID) -> None:
    """End the visitor's conversation with this assistant; nothing to end is fine."""
    Conversation.objects.filter(assistant=assistant, visitor_id=visitor_id, ended_at=None).update(
        ended_at=timezone.now()
    )
