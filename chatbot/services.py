"""What visitors change: they ask, judge an answer and start over."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from chatbot.models import Assistant, Citation, Conversation, LabelledExample, Message
from chatbot.prompts import Exchange
from chatbot.replies import ASKED_ENTRY


def ask(
    *, assistant: Assistant, visitor_id: uuid.UUID, question: str, entry_id: uuid.UUID | None = None
) -> tuple[Message, Message]:
    """Store a clean question and the empty reply to it; `entry_id` is the entry the visitor chose from an offer."""
    with transaction.atomic():
        open_ones = Conversation.objects.select_for_update().filter(
            assistant=assistant, visitor_id=visitor_id, ended_at=None, channel=Conversation.Channel.PAGE
        )
        conversation = open_ones.first() or Conversation.objects.create(assistant=assistant, visitor_id=visitor_id)
        return _add_turn(conversation, question, entry_id)


def ask_by_api(
    *,
    assistant: Assistant,
    visitor_id: uuid.UUID,
    question: str,
    conversation: Conversation | None = None,
    entry_id: uuid.UUID | None = None,
    history: Sequence[Exchange] = (),
) -> tuple[Message, Message]:
    """Store a question that a program asks: in its conversation, or in a new one that begins with `history`."""
    with transaction.atomic():
        if conversation is None:
            conversation = Conversation.objects.create(
                assistant=assistant, visitor_id=visitor_id, channel=Conversation.Channel.API
            )
            _add_history(conversation, history)
            return _add_turn(conversation, question, entry_id, last=2 * len(history))
        locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
        return _add_turn(locked, question, entry_id)


def _add_turn(
    conversation: Conversation, question: str, entry_id: uuid.UUID | None, last: int | None = None
) -> tuple[Message, Message]:
    """Add a question and the empty reply to it; `last` is the position before them, where it is known."""
    if last is None:
        last = conversation.messages.aggregate(last=Max("position"))["last"] or 0
    if entry_id:
        _label(conversation, entry_id)
    asked = Message(conversation=conversation, position=last + 1, role=Message.Role.USER, text=question)
    reply = Message(
        conversation=conversation,
        position=last + 2,
        role=Message.Role.ASSISTANT,
        status=Message.Status.PENDING,
        trace={ASKED_ENTRY: str(entry_id)} if entry_id else {},
    )
    Message.objects.bulk_create([asked, reply])
    return asked, reply


def _add_history(conversation: Conversation, history: Sequence[Exchange]) -> None:
    """Turns that took place elsewhere: a follow-up refers to them."""
    Message.objects.bulk_create(
        [
            Message(conversation=conversation, position=2 * number + place, role=role, text=text)
            for number, turn in enumerate(history)
            for place, role, text in ((1, Message.Role.USER, turn.question), (2, Message.Role.ASSISTANT, turn.answer))
        ]
    )


def _label(conversation: Conversation, entry_id: uuid.UUID) -> None:
    """Keep what was chosen from an offer: the question that was not understood means this entry.

    Only what was offered in this conversation counts, and each offer once: an id can be made up.
    """
    offer = (
        Citation.objects.filter(
            kind=Citation.Kind.OFFER, entry_id=entry_id, message__conversation=conversation, labelled_example=None
        )
        .select_related("message")
        .order_by("-message__position")
        .first()
    )
    if offer is None:
        return
    question = conversation.messages.filter(position=offer.message.position - 1, role=Message.Role.USER).first()
    if question:
        LabelledExample.objects.create(entry_id=entry_id, question=question.text, offer=offer)


def give_feedback(reply: Message, value: Message.Feedback) -> None:
    """Note what the visitor thinks of a reply; the last word counts."""
    Message.objects.filter(pk=reply.pk).update(feedback=value)
    reply.feedback = value


def start_over(*, assistant: Assistant, visitor_id: uuid.UUID) -> None:
    """End the visitor's conversation with this assistant; nothing to end is fine."""
    Conversation.objects.filter(assistant=assistant, visitor_id=visitor_id, ended_at=None).update(
        ended_at=timezone.now()
    )
