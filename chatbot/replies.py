"""The rows of replies, from pending to finished. Every change is a compare-and-set, so that two makers cannot both win.

Storing an answer and looking whether its sources still stand is one transaction: what an editor saved before it is
respected, and what is saved after it was said before.
"""

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from django.conf import settings
from django.db import transaction
from django.db.models import Q, prefetch_related_objects
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from chatbot.answering import Asked, Draft, Writing
from chatbot.deciding import Policy
from chatbot.events import Cited, Finished
from chatbot.models import Citation, Message
from chatbot.prompts import MAX_TURNS, Exchange
from chatbot.standing import Listed, check_standing

GRACE_S = 30
_TOO_LATE = "Nobody finished this reply in time: whoever was making it is gone."
# How often a process notes that a reply which another one makes is read in it.
READ_EVERY_S = 2.0
# Stored as they are and shown in the reader's language.
STOPPED_TEXT = gettext_noop("This answer was stopped before it began.")
FAILED_TEXT = gettext_noop("I can't look that up right now. Please try again in a minute.")
NO_ANSWER_TEXT = gettext_noop("I don't have an answer to that.")
Turn = tuple[Message, Message]
"""A question and the reply to it."""
FIRST_REPLY = 2
"""The position of a conversation's first reply: nothing was said before its question."""
ASKED_ENTRY = "asked_entry"
_MARKS = re.compile(r"\[([0-9]{1,3}(?:, [0-9]{1,3})*)\]")

Status, Outcome, Role = Message.Status, Message.Outcome, Message.Role


def claim(reply_id: uuid.UUID, turn: Turn | None = None) -> Asked | None:
    """Take a reply to make it; None where it is finished, gone or somebody else's already.

    Who has just stored the question and the empty reply hands them over as `turn`: they are not read again.
    """
    mine = Message.objects.filter(pk=reply_id, status=Status.PENDING, claimed_at=None)
    if not mine.update(claimed_at=timezone.now()):
        return None
    reply = turn[1] if turn else Message.objects.select_related("conversation__assistant").get(pk=reply_id)
    question, earlier = (turn[0], []) if turn and reply.position == FIRST_REPLY else _before(reply)
    return _asked(reply, question, earlier)


def asked_again(reply: Message) -> Asked:
    """Return what a finished reply was asked, as if it were asked now; conversation and assistant loaded."""
    return replace(_asked(reply, *_before(reply)), entry_id=None)


def _asked(reply: Message, question: Message, earlier: list[Message]) -> Asked:
    assistant = reply.conversation.assistant
    chosen = reply.trace.get(ASKED_ENTRY)
    return Asked(
        question=question.text,
        knowledge_bases=tuple(assistant.knowledge_bases.values_list("pk", flat=True)),
        no_answer_text=assistant.no_answer_text or _said_in(reply.conversation.language, NO_ANSWER_TEXT),
        history=_exchanges(earlier),
        entry_id=uuid.UUID(chosen) if chosen else None,
        assistant_id=assistant.pk,
        conversation_id=reply.conversation_id,
        policy=Policy.of(assistant),
        tone=assistant.tone,
        instructions=assistant.instructions,
        language=reply.conversation.language,
    )


def _said_in(language: str, text: str) -> str:
    with translation.override(language or "en"):
        return gettext(text)


def _before(reply: Message) -> tuple[Message, list[Message]]:
    """Return the question of a reply and the messages of the last turns before it, the newest first."""
    said = Message.objects.filter(conversation=reply.conversation, position__lt=reply.position)
    question, *earlier = said.order_by("-position")[: 2 * MAX_TURNS + 1]
    prefetch_related_objects(earlier, "citations")
    return question, earlier


def _exchanges(newest_first: list[Message]) -> tuple[Exchange, ...]:
    """Pair each answered question with its answer, oldest first."""
    messages = newest_first[::-1]
    return tuple(
        Exchange(question.text, reply.text, _first_source(reply))
        for question, reply in pairwise(messages)
        if question.role == Role.USER and reply.role == Role.ASSISTANT and reply.status == Status.ANSWERED
    )


def _first_source(reply: Message) -> str:
    return next((c.question for c in reply.citations.all() if c.kind == Citation.Kind.SOURCE), "")


def stopped_draft(shown: str, writing: Writing | None, why: str) -> Draft:
    """Return what there is of an answer that was stopped: what was shown, and the sources it names."""
    trace = {**(writing.trace if writing else {}), "stopped": why}
    named = {int(number) for marks in _MARKS.findall(shown) for number in marks.split(",")}
    sources = tuple(source for source in (writing.sources if writing else ()) if source.number in named)
    return Draft(Outcome.WRITE, shown.strip() or STOPPED_TEXT, sources, trace=trace)


def note_reading(reply_id: uuid.UUID) -> None:
    """Tell the process that makes a reply that somebody reads it in this one."""
    Message.objects.filter(pk=reply_id, status=Status.PENDING).update(read_at=timezone.now())


def ask_to_stop(reply_id: uuid.UUID) -> None:
    """Have whichever process makes this reply end it; one that nobody has begun with is finished at once."""
    pending = Message.objects.filter(pk=reply_id, status=Status.PENDING)
    pending.filter(stop_asked_at=None).update(stop_asked_at=timezone.now())
    pending.filter(claimed_at=None).update(
        status=Status.STOPPED, text=STOPPED_TEXT, outcome="", finished_at=timezone.now(), claimed_at=timezone.now()
    )


def store(reply_id: uuid.UUID, draft: Draft, *, was_stopped: bool = False) -> list[Cited | Finished]:
    """Finish a pending reply and return its last events; none if it is not pending any more.

    Raises SourcesChangedError if its entries moved on.
    """
    status = _status(draft, was_stopped)
    kinds = ((Citation.Kind.SOURCE, draft.sources), (Citation.Kind.OFFER, draft.offers))
    citations = [_citation(reply_id, kind, listed) for kind, group in kinds for listed in group]
    with transaction.atomic():
        check_standing((*draft.sources, *draft.offers), lock=True)
        finished = Message.objects.filter(pk=reply_id, status=Status.PENDING).update(
            status=status,
            outcome=draft.outcome,
            text=draft.text,
            failure=draft.failure,
            trace=draft.trace,
            searched=draft.trace.get("searched", ""),
            confidence=draft.trace.get("confidence"),
            support=draft.support,
            finished_at=timezone.now(),
        )
        if not finished:
            return []
        Citation.objects.bulk_create(citations)
    return _last_events(citations, Finished(reply_id, status, draft.outcome, draft.text))


def _status(draft: Draft, was_stopped: bool) -> Message.Status:
    if was_stopped:
        return Status.STOPPED
    return Status.DECLINED if draft.outcome == Outcome.DECLINE else Status.ANSWERED


def _citation(reply_id: uuid.UUID, kind: Citation.Kind, listed: Listed) -> Citation:
    return Citation(
        message_id=reply_id,
        kind=kind,
        number=listed.number,
        entry_id=listed.entry_id,
        entry_version=listed.version,
        question=listed.question,
        quoted_text=listed.answer if kind == Citation.Kind.SOURCE else "",
        similarity=listed.similarity,
    )


def fail(reply_id: uuid.UUID, reason: str) -> bool:
    """Finish a pending reply with an apology for the visitor and the reason for staff; False if it is not pending."""
    return bool(_fail(Q(pk=reply_id), reason))


def fail_stale() -> int:
    """Fail every reply that nobody can be making any more; returns how many."""
    before = _stale_before()
    return _fail(Q(created_at__lt=before) & (Q(claimed_at=None) | Q(claimed_at__lt=before)), _TOO_LATE)


def look(reply_id: uuid.UUID) -> list[Cited | Finished] | None:
    """Return the events that end a finished reply, `Finished` last; none while it is pending, None if it is gone.

    A reply that nobody can be making any more is failed on sight.
    """
    reply = Message.objects.filter(pk=reply_id, role=Role.ASSISTANT).first()
    if reply is None:
        return None
    if reply.status == Status.PENDING:
        if max(reply.created_at, reply.claimed_at or reply.created_at) < _stale_before():
            fail(reply_id, _TOO_LATE)
        return []
    return _last_events(reply.citations.all(), Finished(reply.pk, reply.status, reply.outcome, reply.text))


def _last_events(citations: Iterable[Citation], finished: Finished) -> list[Cited | Finished]:
    sources = [c for c in citations if c.kind == Citation.Kind.SOURCE]
    return [*(Cited(source.number, source.pk, source.question) for source in sources), finished]


def _stale_before() -> datetime:
    return timezone.now() - timedelta(seconds=settings.CHAT_TOTAL_S + GRACE_S)


def _fail(which: Q, reason: str) -> int:
    return Message.objects.filter(which, role=Role.ASSISTANT, status=Status.PENDING).update(
        status=Status.FAILED, text=FAILED_TEXT, failure=reason, finished_at=timezone.now()
    )


def exists(reply_id: uuid.UUID) -> bool:
    """Tell whether there is such a reply, finished or not."""
    return Message.objects.filter(pk=reply_id, role=Role.ASSISTANT).exists()
