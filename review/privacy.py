"""What is kept of people: deleted in time, found, handed out and deleted when asked. Of what goes nothing is left."""

import json
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from chatbot.models import Assistant, Conversation, LabelledExample
from chatbot.reading import readable_conversations
from chatbot.retention import delete_expired, expired_conversations
from chatbot.services import delete_all
from knowledge.models import GoldenQuestion
from review import audit, queueing
from review.models import Reasked, RetentionRun

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
    """Delete what assistants keep no longer, and log the counts; returns the replies that are gone.

    Golden questions stay: there are no contact details in them, and a test is no record of a person.
    """
    for assistant in Assistant.objects.exclude(retention_days=None):
        expired = expired_conversations(assistant).order_by().values("pk")
        Reasked.objects.filter(reply__conversation__in=expired).update(golden=None)
    reply_ids: list[uuid.UUID] = []
    for gone in delete_expired():
        RetentionRun.objects.create(
            assistant=gone.assistant,
            conversations=gone.conversations,
            questions=gone.questions,
            requests=gone.requests,
        )
        reply_ids += gone.reply_ids
        queueing.refresh_stale(gone.assistant)
    if reply_ids:
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
        proofs = Reasked.objects.filter(reply__conversation__in=keys, golden__isnull=False)
        learned = set(proofs.values_list("golden", flat=True))
        assistants = {row.assistant for row in Conversation.objects.filter(pk__in=keys).select_related("assistant")}
        deleted = delete_all(Conversation.objects.filter(pk__in=keys))
        golden = len(learned) - GoldenQuestion.objects.filter(pk__in=learned).count()
        for assistant in assistants:
            queueing.refresh_stale(assistant)
            detail = f"{deleted.conversations} conversations, {deleted.questions} questions"
            audit.note(user, "delete a person", assistant=assistant, detail=detail)
    forget_traces()
    return Gone(deleted.conversations, deleted.questions, deleted.requests, golden, deleted.reply_ids)


def forget_traces() -> None:
    """Have the database drop what deleted rows leave behind in its log (SQLite; PostgreSQL's vacuum does it later)."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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
