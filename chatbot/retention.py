"""Deleting conversations when their time is over: each assistant says after how many days."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from chatbot.models import Assistant, Conversation
from chatbot.services import Deleted, delete_all

# In one transaction; a visitor's question waits for it on SQLite.
AT_ONCE = 200


@dataclass(frozen=True)
class Expired:
    """What was deleted of one assistant's conversations because their time was over."""

    assistant: Assistant
    conversations: int
    questions: int
    requests: int
    reply_ids: tuple[uuid.UUID, ...]


def delete_expired() -> list[Expired]:
    """Delete what every assistant keeps no longer, in small transactions; safe to interrupt and to run again."""
    return [
        expired
        for assistant in Assistant.objects.exclude(retention_days=None)
        if (expired := _delete_expired(assistant)).conversations
    ]


def expired_conversations(assistant: Assistant) -> QuerySet[Conversation]:
    """Return the conversations in which nothing was said for longer than the assistant keeps them."""
    if assistant.retention_days is None:
        return Conversation.objects.none()
    before = timezone.now() - timedelta(days=assistant.retention_days)
    old = Conversation.objects.filter(assistant=assistant, created_at__lt=before)
    return old.annotate(last=Coalesce(Max("messages__created_at"), "created_at")).filter(last__lt=before)


def _delete_expired(assistant: Assistant) -> Expired:
    deleted: list[Deleted] = []
    while keys := list(expired_conversations(assistant).order_by().values_list("pk", flat=True)[:AT_ONCE]):
        deleted.append(delete_all(Conversation.objects.filter(pk__in=keys)))
    return Expired(
        assistant,
        conversations=sum(one.conversations for one in deleted),
        questions=sum(one.questions for one in deleted),
        requests=sum(one.requests for one in deleted),
        reply_ids=tuple(reply_id for one in deleted for reply_id in one.reply_ids),
    )
