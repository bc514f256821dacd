"""What pages show, read with a number of queries that does not grow with the conversation."""

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet

from chatbot.models import Assistant, Citation, Conversation, Message
from chatbot.reading import Person, readable_assistants

# What a page shows of a conversation at once.
MOST_TURNS = 50


def assistant_by_key(key: str) -> Assistant | None:
    """Return the assistant of this public key."""
    return Assistant.objects.filter(public_key=key).first()


def default_assistant() -> Assistant | None:
    """Return the assistant of the front page: the one marked so, else the oldest, None where there is none."""
    return Assistant.objects.order_by("-is_default", "created_at").first()


def open_conversation(
    assistant: Assistant, visitor_id: uuid.UUID, channel: Conversation.Channel = Conversation.Channel.PAGE
) -> Conversation | None:
    """Return the visitor's latest conversation with this assistant, in this place, that has not ended."""
    return Conversation.objects.filter(
        assistant=assistant, visitor_id=visitor_id, channel=channel, ended_at=None
    ).first()


def conversation_by_id(conversation_id: uuid.UUID) -> Conversation | None:
    """Return a conversation, assistant loaded: for those who hold a ticket for it."""
    return Conversation.objects.select_related("assistant").filter(pk=conversation_id).first()


def api_conversation(assistant: Assistant, conversation_id: uuid.UUID) -> Conversation | None:
    """Return a conversation that was begun by the API with this assistant."""
    return Conversation.objects.filter(
        pk=conversation_id, assistant=assistant, channel=Conversation.Channel.API, ended_at=None
    ).first()


def api_reply(assistant: Assistant, reply_id: uuid.UUID) -> Message | None:
    """Return a reply that was asked for by the API of this assistant, citations loaded."""
    mine = Message.objects.filter(
        role=Message.Role.ASSISTANT,
        conversation__assistant=assistant,
        conversation__channel=Conversation.Channel.API,
    )
    return mine.prefetch_related("citations").filter(pk=reply_id).first()


@dataclass(frozen=True)
class TurnsPage:
    """Questions with their replies, oldest first; `before` is where these begin, None where nothing is before them."""

    turns: list[tuple[Message, Message | None]]
    before: int | None


def position_from(text: str | None) -> int | None:
    """Return the position that an address names with `before`; None for none and for nonsense."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def turns_before(conversation: Conversation, before: int | None, most: int = MOST_TURNS) -> TurnsPage:
    """Return the last turns before a position, or of all, citations loaded; the same work for any length."""
    said = conversation.messages.order_by("-position").prefetch_related("citations")
    if before is not None:
        said = said.filter(position__lt=before)
    rows = list(said[: 2 * most + 1])
    kept = rows[: 2 * most][::-1]
    if kept and kept[0].role != Message.Role.USER:
        kept = kept[1:]
    replies = {message.position: message for message in kept if message.role == Message.Role.ASSISTANT}
    turns = [(m, replies.get(m.position + 1)) for m in kept if m.role == Message.Role.USER]
    return TurnsPage(turns, kept[0].position if kept and len(rows) > len(kept) else None)


def reply_with_question(reply_id: uuid.UUID) -> tuple[Message, Message] | None:
    """Return the question and the reply to it, assistant and citations loaded; None for an unknown reply."""
    found = _replies().select_related("conversation__assistant").filter(pk=reply_id).first()
    if found is None:
        return None
    return Message.objects.get(conversation=found.conversation, position=found.position - 1), found


def reply(reply_id: uuid.UUID) -> Message:
    """Return the reply, citations loaded; raises Message.DoesNotExist."""
    return _replies().get(pk=reply_id)


def _replies() -> QuerySet[Message]:
    return Message.objects.filter(role=Message.Role.ASSISTANT).prefetch_related("citations")


def finished_reply_of(assistant: Assistant, visitor_id: uuid.UUID | None, reply_id: uuid.UUID) -> Message | None:
    """Return the reply if this visitor got it from this assistant and it is finished."""
    if visitor_id is None:
        return None
    mine = Message.objects.filter(
        role=Message.Role.ASSISTANT, conversation__visitor_id=visitor_id, conversation__assistant=assistant
    )
    return mine.exclude(status=Message.Status.PENDING).filter(pk=reply_id).first()


def source_by_id(citation_id: uuid.UUID) -> Citation | None:
    """Return a source, whoever it was shown to: for those who hold a ticket for it."""
    sources = Citation.objects.filter(kind=Citation.Kind.SOURCE, pk=citation_id)
    return sources.select_related("entry__category", "message__conversation__assistant").first()


def source_for(visitor_id: uuid.UUID | None, user: Person, citation_id: uuid.UUID) -> Citation | None:
    """Return a source if it was shown to this visitor or `user` may read the assistant's conversations."""
    source = source_by_id(citation_id)
    if source is None:
        return None
    is_mine = visitor_id is not None and source.message.conversation.visitor_id == visitor_id
    if is_mine or readable_assistants(user).filter(pk=source.message.conversation.assistant_id).exists():
        return source
    return None


def pending_replies(assistant: Assistant, visitor_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the replies that are being made for a visitor."""
    mine = Message.objects.filter(conversation__assistant=assistant, conversation__visitor_id=visitor_id)
    return list(mine.filter(status=Message.Status.PENDING).values_list("pk", flat=True))


def known_email(conversation: Conversation | None, vouched: str) -> str:
    """Return the address at which a visitor can be answered, where it is known; "" else."""
    if vouched or conversation is None:
        return vouched
    earlier = conversation.contact_requests.first()
    return earlier.email if earlier else ""


def has_conversations(visitor_id: uuid.UUID) -> bool:
    """Tell whether anything is kept of a visitor, with whatever assistant."""
    return Conversation.objects.filter(visitor_id=visitor_id).exists()
