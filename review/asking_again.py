"""The proof of a fix: once the entry is live, the group's questions go the way of any question again."""

import asyncio
import math
import time
from contextlib import aclosing
from dataclasses import dataclass

import structlog
from asgiref.sync import async_to_sync
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
# Of one question; a model may be slow.
LIMIT_S = 120
# How long a run goes on: a worker that asks must not keep an edit waiting for the index.
RUN_S = 3.0
SET_ASIDE = "The indexer has set the entry aside: its badge in the admin says why, and there it can be tried again."


@dataclass(frozen=True)
class Proven:
    """How many fixes were proven, and whether there is more to ask at once."""

    fixes: int
    more: bool


def prove_waiting(run_s: float = RUN_S) -> Proven:
    """Ask again whatever waits for its entry to be live, for some seconds. Safe to run twice, and to interrupt."""
    until, fixes = time.monotonic() + run_s, 0
    waiting = Fix.objects.filter(status=Fix.Status.WAITING).select_related("entry").order_by("created_at")
    ready = [made for made in waiting if not _waits(made)]
    for number, made in enumerate(ready, start=1):
        fixes += prove(made, until)
        if time.monotonic() > until:
            left = Reasked.objects.filter(fix=made, outcome="").exists() and not made.error
            return Proven(fixes, more=left or number < len(ready))
    return Proven(fixes, more=False)


def _waits(made: Fix) -> bool:
    """Whether the entry is not live yet; why, where it will not be by itself."""
    if made.kind == Fix.Kind.SCOPE or _is_live(made.entry):
        return False
    if made.entry and made.entry.index_state == Entry.IndexState.FAILED and made.error != SET_ASIDE:
        Fix.objects.filter(pk=made.pk).update(error=SET_ASIDE)
    return True


def prove(made: Fix, until: float = math.inf) -> bool:
    """Ask a fix's questions again if its entry is live; False where it has to wait, or time was over before the end."""
    if _waits(made):
        return False
    for proof in made.reasked.filter(outcome="").select_related("reply__conversation__assistant"):
        try:
            draft = async_to_sync(whole_answer)(asked_again(proof.reply), may_write=is_configured())
        except (RetrievalError, SourcesChangedError, TimeoutError) as error:
            log.warning("not_asked_again", fix=str(made.pk), reason=str(error)[:200])
            made.error = str(error)[:500] or "The entries changed meanwhile."
            made.save(update_fields=["error"])
            return False
        _keep(proof, draft, made)
        if time.monotonic() > until and made.reasked.filter(outcome="").exists():
            return False
    done = Fix.objects.filter(pk=made.pk, status=Fix.Status.WAITING)
    return bool(done.update(status=Fix.Status.DONE, finished_at=timezone.now(), error=""))


def _is_live(entry: Entry | None) -> bool:
    # One that was deleted or unpublished meanwhile is as live as it gets: the proof shows what that means.
    return entry is None or entry.index_state in (Entry.IndexState.LIVE, Entry.IndexState.OFF)


async def whole_answer(asked: Asked, *, may_write: bool, limit_s: float = LIMIT_S) -> Draft:
    """Return what a visitor would get; raises RetrievalError, SourcesChangedError, and TimeoutError after the limit."""
    with translation.override(asked.language or "en"):
        async with asyncio.timeout(limit_s), aclosing(answer(asked, may_write=may_write)) as steps:
            drafts = [step async for step in steps if isinstance(step, Draft)]
    return drafts[-1]


def _keep(proof: Reasked, draft: Draft, made: Fix) -> None:
    named = {listed.entry_id for listed in (*draft.sources, *draft.offers)}
    declined = draft.outcome == Message.Outcome.DECLINE
    right = declined if made.kind == Fix.Kind.SCOPE else made.entry_id in named and not declined
    Reasked.objects.filter(pk=proof.pk).update(
        outcome=draft.outcome, text=draft.text, confidence=draft.trace.get("confidence"), right=right
    )
