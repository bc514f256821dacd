"""What is kept of people: deleted in time, found, handed out and deleted when asked. Of what goes nothing is left."""

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet

from chatbot.models import Conversation, LabelledExample
from chatbot.reading import readable_conversations
from chatbot.retention import delete_expired
from chatbot.services import delete_all
from knowledge.models import GoldenQuestion
from review import audit, queueing
from review.models import AskedQuestion, Reasked, RetentionRun, ReviewItem

MOST_SHOWN = 100


@dataclass(frozen=True)
class Gone:
    """What was deleted of a person."""

    conversations: int
    questions: int
    requests: int
    golden: int
    reply_ids: tuple[uuid.UUID, ...]


def apply_retention() -> list[uuid.UUID]:
    """Delete what assistants keep no longer, and log the counts; returns the replies that are gone."""
    items = _items_of(AskedQuestion.objects.none())
    reply_ids: list[uuid.UUID] = []
    for expired in delete_expired():
        RetentionRun.objects.create(
            assistant=expired.assistant,
            conversations=expired.conversations,
            questions=expired.questions,
            requests=expired.requests,
        )
        reply_ids += expired.reply_ids
        items |= _stale_items(expired.assistant.pk)
    if reply_ids:
        with transaction.atomic():
            queueing.refresh(items)
        forget_traces()
    return reply_ids


def conversations_of(user: User, sought: str) -> QuerySet[Conversation]:
    """Return the conversations of a person that `user` may read: by visitor id, a website's id for them, or e-mail."""
    sought = sought.strip()
    if not sought:
        return Conversation.objects.none()
    who = Q(user=sought) | Q(user_email__iexact=sought) | Q(contact_requests__email__iexact=sought)
    with suppress(ValueError):
        who |= Q(visitor_id=uuid.UUID(sought)) | Q(pk=uuid.UUID(sought))
    mine = readable_conversations(user)
    visitors = mine.filter(who).order_by().values("visitor_id")
    return mine.filter(visitor_id__in=visitors).select_related("assistant")


def export(conversations: QuerySet[Conversation]) -> str:
    """Return all that is kept of conversations as JSON, oldest first."""
    rows = conversations.order_by("created_at").prefetch_related("messages__citations", "contact_requests__deliveries")
    return json.dumps([_exported(row) for row in rows], ensure_ascii=False, indent=2, default=str)


def delete_person(conversations: QuerySet[Conversation], user: User) -> Gone:
    """Delete conversations with all that was made of them: traces, items of the queue, golden questions, proofs."""
    with transaction.atomic():
        keys = list(conversations.order_by().values_list("pk", flat=True))
        asked = AskedQuestion.objects.filter(reply__conversation__in=keys)
        items = _items_of(asked)
        golden = _golden_of(keys)
        assistants = {row.assistant for row in Conversation.objects.filter(pk__in=keys).select_related("assistant")}
        deleted = delete_all(Conversation.objects.filter(pk__in=keys))
        queueing.refresh(items)
        for assistant in assistants:
            detail = f"{deleted.conversations} conversations, {deleted.questions} questions"
            audit.note(user, "delete a person", assistant=assistant, detail=detail)
    forget_traces()
    return Gone(deleted.conversations, deleted.questions, deleted.requests, golden, deleted.reply_ids)


def forget_traces() -> None:
    """Have the database drop what deleted rows leave behind in its log (SQLite; PostgreSQL's vacuum does it later)."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _golden_of(conversations: Sequence[uuid.UUID]) -> int:
    """Delete golden questions that were made of these conversations' questions and of nobody else's."""
    mine = Reasked.objects.filter(reply__conversation__in=conversations, golden__isnull=False)
    keys = set(mine.values_list("golden", flat=True))
    others = Reasked.objects.filter(golden__in=keys).exclude(reply__conversation__in=conversations)
    doomed = keys - set(others.values_list("golden", flat=True))
    return GoldenQuestion.objects.filter(pk__in=doomed).delete()[1].get("knowledge.GoldenQuestion", 0)


def _items_of(asked: QuerySet[AskedQuestion]) -> set[uuid.UUID]:
    return {item for item in asked.values_list("item", flat=True) if item}


def _stale_items(assistant_id: uuid.UUID) -> set[uuid.UUID]:
    """Items whose number of questions is not what it was."""

    counted = ReviewItem.objects.filter(assistant=assistant_id).annotate(left=Count("questions"))
    return set(counted.exclude(left=F("count")).values_list("pk", flat=True))


def _exported(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation": conversation.pk,
        "assistant": conversation.assistant.name,
        "visitor": conversation.visitor_id,
        "user": conversation.user,
        "email": conversation.user_email,
        "channel": conversation.channel,
        "language": conversation.language,
        "page": conversation.page,
        "begun": conversation.created_at,
        "messages": [
            {
                "role": message.role,
                "text": message.text,
                "at": message.created_at,
                "status": message.status,
                "outcome": message.outcome,
                "feedback": message.feedback,
                "feedback_reason": message.feedback_reason,
                "feedback_text": message.feedback_text,
                "sources": [citation.question for citation in message.citations.all()],
                "trace": message.trace,
            }
            for message in conversation.messages.all()
        ],
        "contact_requests": [
            {"email": one.email, "words": one.words, "consent": one.consent, "at": one.created_at}
            for one in conversation.contact_requests.all()
        ],
        "chosen": list(
            LabelledExample.objects.filter(offer__message__conversation=conversation).values("question", "created_at")
        ),
    }
