"""The proof of a fix: once the entry is live, the group's questions go the way of any question again."""

import asyncio
from contextlib import aclosing

import structlog
from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone, translation

from chatbot.answering import Asked, Draft, answer
from chatbot.chat_model import is_configured
from chatbot.models import Message
from chatbot.replies import asked_again
from chatbot.standing import SourcesChangedError
from knowledge.models import Entry
from knowledge.retrieval import RetrievalError
from review.models import Fix, Reasked

log = structlog.get_logger(__name__)
# All questions of a group together; what is left is asked by the next run.
LIMIT_S = 600


def prove_waiting() -> int:
    """Ask again whatever waits for its entry to be live; returns how many fixes were proven. Safe to run twice."""
    return sum(prove(made) for made in Fix.objects.filter(status=Fix.Status.WAITING).select_related("entry"))


def prove(made: Fix) -> bool:
    """Ask a fix's questions again if its entry is live; False where it has to wait."""
    if made.kind != Fix.Kind.SCOPE and not _is_live(made.entry):
        return False
    for proof in made.reasked.filter(outcome="").select_related("reply__conversation__assistant"):
        try:
            draft = async_to_sync(_draft)(asked_again(proof.reply))
        except (RetrievalError, SourcesChangedError, TimeoutError) as error:
            log.warning("not_asked_again", fix=str(made.pk), reason=str(error)[:200])
            Fix.objects.filter(pk=made.pk).update(error=str(error)[:500] or "The entries changed meanwhile.")
            return False
        _keep(proof, draft, made)
    done = Fix.objects.filter(pk=made.pk, status=Fix.Status.WAITING)
    return bool(done.update(status=Fix.Status.DONE, finished_at=timezone.now(), error=""))


def _is_live(entry: Entry | None) -> bool:
    # One that was deleted or unpublished meanwhile is as live as it gets: the proof shows what that means.
    return entry is None or entry.index_state in (Entry.IndexState.LIVE, Entry.IndexState.OFF)


async def _draft(asked: Asked) -> Draft:
    with translation.override(asked.language or "en"):
        async with asyncio.timeout(LIMIT_S), aclosing(answer(asked, may_write=is_configured())) as steps:
            drafts = [step async for step in steps if isinstance(step, Draft)]
    return drafts[-1]


def _keep(proof: Reasked, draft: Draft, made: Fix) -> None:
    named = {listed.entry_id for listed in (*draft.sources, *draft.offers)}
    declined = draft.outcome == Message.Outcome.DECLINE
    right = declined if made.kind == Fix.Kind.SCOPE else made.entry_id in named and not declined
    with transaction.atomic():
        Reasked.objects.filter(pk=proof.pk).update(
            outcome=draft.outcome, text=draft.text, confidence=draft.trace.get("confidence"), right=right
        )
