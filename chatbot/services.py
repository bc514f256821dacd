"""What visitors change: they ask, judge an answer and start over."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from chatbot.contacting import ways_of
from chatbot.models import (
    Assistant,
    Citation,
    ContactRequest,
    Conversation,
    Delivery,
    LabelledExample,
    Message,
    Sighting,
    new_public_key,
    new_secret,
)
from chatbot.prompts import Exchange
from chatbot.replies import ASKED_ENTRY
from chatbot.tasks import hint_contacts_after_commit
from chatbot.visitors import Visitor
from knowledge.redaction import redact

SIGHTING_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Circumstances:
    """Under which a conversation is begun; `page` is where on a website, `user` whom that website vouched for."""

    channel: Conversation.Channel = Conversation.Channel.PAGE
    language: str = ""
    page: str = ""
    user: str = ""
    user_email: str = ""


def ask(
    *,
    assistant: Assistant,
    visitor_id: uuid.UUID,
    question: str,
    entry_id: uuid.UUID | None = None,
    circumstances: Circumstances = Circumstances(),
) -> tuple[Message, Message]:
    """Store a clean question and the empty reply to it; `entry_id` is the entry the visitor chose from an offer."""
    with transaction.atomic():
        open_ones = Conversation.objects.select_for_update().filter(
            assistant=assistant, visitor_id=visitor_id, ended_at=None, channel=circumstances.channel
        )
        conversation = open_ones.first() or Conversation.objects.create(
            assistant=assistant, visitor_id=visitor_id, **asdict(circumstances)
        )
        if conversation.language != circumstances.language:
            conversation.language = circumstances.language
            conversation.save(update_fields=["language"])
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
    question = _kept(conversation.assistant, question)
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
    kept = partial(_kept, conversation.assistant)
    Message.objects.bulk_create(
        [
            Message(conversation=conversation, position=2 * number + place, role=role, text=kept(text))
            for number, turn in enumerate(history)
            for place, role, text in ((1, Message.Role.USER, turn.question), (2, Message.Role.ASSISTANT, turn.answer))
        ]
    )


def _kept(assistant: Assistant, text: str) -> str:
    """A visitor's words as they are stored: without contact details where the assistant takes them out."""
    return redact(text) if assistant.redact else text


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
        LabelledExample.objects.create(entry_id=entry_id, question=redact(question.text), offer=offer)


def give_feedback(reply: Message, value: Message.Feedback) -> None:
    """Note what the visitor thinks of a reply; the last word counts. Reasons stand only beside a thumb down."""
    reply.feedback = value
    if value != Message.Feedback.DOWN:
        reply.feedback_reason = reply.feedback_text = ""
    reply.save(update_fields=["feedback", "feedback_reason", "feedback_text"])


def give_reason(reply: Message, reason: str, text: str) -> None:
    """Note why a visitor did not find a reply helpful; the last word counts."""
    reply.feedback = Message.Feedback.DOWN
    reply.feedback_reason, reply.feedback_text = reason, _kept(reply.conversation.assistant, text)
    reply.save(update_fields=["feedback", "feedback_reason", "feedback_text"])


def start_over(*, assistant: Assistant, visitor_id: uuid.UUID) -> None:
    """End the visitor's conversation with this assistant; nothing to end is fine."""
    Conversation.objects.filter(assistant=assistant, visitor_id=visitor_id, ended_at=None).update(
        ended_at=timezone.now()
    )


def adopt(*, assistant: Assistant, visitor_id: uuid.UUID, user: Visitor) -> None:
    """Make what somebody asked before a website vouched for them the user's own."""
    Conversation.objects.filter(
        assistant=assistant, visitor_id=visitor_id, channel=Conversation.Channel.WIDGET, user=""
    ).update(visitor_id=user.id, user=user.user, user_email=user.email)


def request_contact(
    *,
    assistant: Assistant,
    visitor_id: uuid.UUID,
    conversation: Conversation | None,
    email: str,
    words: str,
    consent: str,
    circumstances: Circumstances,
) -> ContactRequest:
    """Store a request for a person, with the conversation that it is about, and have it passed on."""
    with transaction.atomic():
        request = ContactRequest.objects.create(
            assistant=assistant,
            conversation=conversation
            or Conversation.objects.create(assistant=assistant, visitor_id=visitor_id, **asdict(circumstances)),
            email=email,
            words=words,
            consent=consent,
        )
        now = timezone.now()
        Delivery.objects.bulk_create(
            Delivery(request=request, kind=kind, target=target, next_at=now) for kind, target in ways_of(assistant)
        )
        hint_contacts_after_commit()
    return request


def retry_deliveries(deliveries: QuerySet[Delivery]) -> int:
    """Try again what did not arrive; returns how many there are."""
    with transaction.atomic():
        unsent = deliveries.exclude(status=Delivery.Status.SENT)
        count = unsent.update(status=Delivery.Status.WAITING, attempts=0, next_at=timezone.now())
        hint_contacts_after_commit()
    return count


@dataclass(frozen=True)
class Deleted:
    """What was deleted of a visitor."""

    conversations: int = 0
    questions: int = 0
    reply_ids: tuple[uuid.UUID, ...] = ()
    requests: int = 0


def delete_conversations(*, assistant: Assistant, visitor_id: uuid.UUID) -> Deleted:
    """Delete all that a visitor said to this assistant and got from it, what was learned of it, and requests."""
    return delete_all(Conversation.objects.filter(assistant=assistant, visitor_id=visitor_id))


def delete_all(conversations: QuerySet[Conversation]) -> Deleted:
    """Delete conversations with all that hangs on them, what was learned of them, and requests."""
    with transaction.atomic():
        keys = conversations.order_by().values_list("pk", flat=True)
        mine = list(Conversation.objects.select_for_update().filter(pk__in=list(keys)).values_list("pk", flat=True))
        messages = Message.objects.filter(conversation__in=mine)
        deleted = Deleted(
            conversations=len(mine),
            questions=messages.filter(role=Message.Role.USER).count(),
            reply_ids=tuple(messages.filter(role=Message.Role.ASSISTANT).values_list("pk", flat=True)),
            requests=ContactRequest.objects.filter(conversation__in=mine).count(),
        )
        LabelledExample.objects.filter(offer__message__conversation__in=mine).delete()
        Conversation.objects.filter(pk__in=mine).delete()
    return deleted


def note_sighting(assistant: Assistant, origin: str) -> None:
    """Note that a website shows this assistant; written once an hour, however many visitors it has."""
    now = timezone.now()
    if Sighting.objects.filter(assistant=assistant, origin=origin, last_at__gt=now - SIGHTING_EVERY).exists():
        return
    Sighting.objects.update_or_create(
        assistant=assistant, origin=origin, defaults={"last_at": now}, create_defaults={"first_at": now, "last_at": now}
    )


def replace_key(assistant: Assistant) -> None:
    """Give an assistant another public key: whoever has the old one has nothing."""
    assistant.public_key = new_public_key()
    assistant.save(update_fields=["public_key"])


def replace_identity_secret(assistant: Assistant) -> None:
    """Give an assistant another secret for users' identities: proofs signed with the old one are refused."""
    assistant.identity_secret = new_secret()
    assistant.save(update_fields=["identity_secret"])
