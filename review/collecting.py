"""Taking in what was answered since the last look: each question with its vector, judged, and put into its group.

Run by the clock, and whole runs may be lost: what was not taken in is taken in by the next. They write one after the
other, holding the row of `CollectorMark`: two at once would begin the same group twice.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chatbot.models import Assistant, ContactRequest, LabelledExample, Message
from knowledge.embedding import Embedder, EmbeddingError, get_embedder, question_vector
from review import conversation_search, queueing, rollups
from review.judging import judge
from review.models import AskedQuestion, CollectorMark, NoticedContact, SpokenWord
from review.reasons import Reason

log = structlog.get_logger(__name__)
AT_ONCE = 200
# A reply's row may be committed a little after the moment that it carries.
OVERLAP = timedelta(seconds=60)
# How long a visitor may think about what they were asked back.
CHOICE_WITHIN = timedelta(minutes=10)
Role = Message.Role
Place = tuple[uuid.UUID, int]


@dataclass(frozen=True)
class Collected:
    """What a run took in; `more` is whether there is more to take in at once."""

    questions: int = 0
    changed: int = 0
    more: bool = False


def collect() -> Collected:
    """Take in up to 200 new replies and what changed with earlier ones; safe to run at any time, and twice."""
    embedder = get_embedder()
    try:
        replies, more = _new_replies()
        rows = _questions(replies, embedder)
    except EmbeddingError as error:
        log.warning("questions_not_embedded", reason=str(error)[:200])
        return Collected()
    with transaction.atomic():
        mark = CollectorMark.objects.select_for_update().get_or_create(name="replies")[0]
        rows = [row for row in rows if row.reply_id not in _known(rows)]
        AskedQuestion.objects.bulk_create(rows)
        SpokenWord.objects.bulk_create(_words(rows), batch_size=2_000)
        queueing.enqueue([row for row in rows if row.reasons])
        if replies:
            mark.finished_at = replies[-1].finished_at
            mark.save(update_fields=["finished_at"])
    changed = _look_again()
    queueing.refresh_stale()
    rollups.count_days(replies)
    return Collected(len(rows), changed, more and bool(rows))


def _new_replies() -> tuple[list[Message], bool]:
    mark = CollectorMark.objects.filter(name="replies").first()
    since = mark.finished_at if mark else None
    finished = Message.objects.filter(role=Role.ASSISTANT, finished_at__isnull=False, asked=None)
    if since:
        finished = finished.filter(finished_at__gt=since - OVERLAP)
    rows = list(finished.select_related("conversation__assistant").order_by("finished_at")[: AT_ONCE + 1])
    return rows[:AT_ONCE], len(rows) > AT_ONCE


def _questions(replies: Sequence[Message], embedder: Embedder) -> list[AskedQuestion]:
    asked = _texts_at({(reply.conversation_id, reply.position - 1) for reply in replies})
    return [
        _question(reply, asked[reply.conversation_id, reply.position - 1], embedder)
        for reply in replies
        if (reply.conversation_id, reply.position - 1) in asked
    ]


def _texts_at(places: Collection[Place]) -> dict[Place, str]:
    """What was said at positions of conversations; nothing where nothing was."""
    conversations, positions = {one for one, _ in places}, {position for _, position in places}
    near = Message.objects.filter(conversation__in=conversations, position__in=positions)
    return {
        (conversation, position): text
        for conversation, position, text in near.values_list("conversation", "position", "text")
        if (conversation, position) in places
    }


def _question(reply: Message, asked: str, embedder: Embedder) -> AskedQuestion:
    return AskedQuestion(
        reply=reply,
        assistant=reply.conversation.assistant,
        visitor_id=reply.conversation.visitor_id,
        text=reply.searched or asked,
        vector=question_vector(reply.searched or asked, embedder).astype("<f4").tobytes(),
        model=embedder.name,
        reasons=judge(reply, sample_percent=settings.REVIEW_SAMPLE_PERCENT),
        settled=reply.outcome != Message.Outcome.CLARIFY,
        asked_at=reply.created_at,
    )


def _known(rows: Sequence[AskedQuestion]) -> set[object]:
    return set(AskedQuestion.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))


def _words(rows: Sequence[AskedQuestion]) -> list[SpokenWord]:
    assistants = Assistant.objects.prefetch_related("knowledge_bases").in_bulk({row.assistant_id for row in rows})
    languages = {pk: conversation_search.languages_of(one) for pk, one in assistants.items()}
    return [
        word
        for row in rows
        for word in conversation_search.index_turn(row, (row.text, row.reply.text), languages[row.assistant_id])
    ]


def _look_again() -> int:
    """Judge anew what visitors did after they were answered: thumbs, choices, requests for a person."""
    now = timezone.now()
    with transaction.atomic():
        CollectorMark.objects.select_for_update().get_or_create(name="replies")
        changed = [*_thumbs(), *_choices(now), *_contacts()]
        AskedQuestion.objects.bulk_update(changed, ["reasons", "settled"])
        queueing.enqueue([row for row in changed if row.reasons])
        queueing.refresh({row.item_id for row in changed if row.item_id})
    if changed:
        rollups.count_days([row.reply for row in changed])
    return len(changed)


def _thumbs() -> list[AskedQuestion]:
    """Those that got a thumb down since, and those whose visitor thought better of it."""
    asked = AskedQuestion.objects.select_related("reply__conversation")
    flagged = F("reasons").bitand(int(Reason.DOWN))
    down = asked.filter(reply__feedback=-1).annotate(flag=flagged).filter(flag=0)
    up = asked.filter(item__state="open").annotate(flag=flagged).filter(flag__gt=0).exclude(reply__feedback=-1)
    rows = list(down[:AT_ONCE])
    for row in rows:
        row.reasons = (row.reasons | Reason.DOWN) & ~Reason.SAMPLE
    taken_back = list(up[:AT_ONCE])
    for row in taken_back:
        row.reasons &= ~Reason.DOWN
    return [*rows, *taken_back]


def _choices(now: datetime) -> list[AskedQuestion]:
    """Questions that were asked back, once it is known whether the visitor chose one of the offers."""
    waiting = list(
        AskedQuestion.objects.filter(settled=False).select_related("reply__conversation").order_by("asked_at")[:AT_ONCE]
    )
    replies = [row.pk for row in waiting]
    chosen = set(LabelledExample.objects.filter(offer__message__in=replies).values_list("offer__message", flat=True))
    went_on = _went_on(waiting)
    settled = [row for row in waiting if row.pk in chosen | went_on or row.asked_at < now - CHOICE_WITHIN]
    for row in settled:
        row.settled = True
        if row.pk not in chosen:
            row.reasons = (row.reasons | Reason.IGNORED) & ~Reason.SAMPLE
    return settled


def _went_on(waiting: Sequence[AskedQuestion]) -> set[object]:
    """Those after which something was said."""
    said = _texts_at({(row.reply.conversation_id, row.reply.position + 1) for row in waiting})
    return {row.pk for row in waiting if (row.reply.conversation_id, row.reply.position + 1) in said}


def _contacts() -> list[AskedQuestion]:
    """The last answer before each request for a person that was not noticed yet."""
    requests = list(ContactRequest.objects.filter(noticed=None).order_by("created_at")[:AT_ONCE])
    rows: dict[object, AskedQuestion] = {}
    for request in requests:
        before = AskedQuestion.objects.filter(
            reply__conversation=request.conversation_id, asked_at__lte=request.created_at
        )
        if row := before.select_related("reply__conversation").order_by("-asked_at").first():
            row = rows.setdefault(row.pk, row)
            row.reasons = (row.reasons | Reason.CONTACT) & ~Reason.SAMPLE
    NoticedContact.objects.bulk_create((NoticedContact(request=one) for one in requests), ignore_conflicts=True)
    return list(rows.values())
