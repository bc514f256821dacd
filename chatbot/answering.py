"""How a reply is made: look up, decide, then quote, write, ask back or decline. Nothing here is stored or sent.

What comes out is a draft: whether its sources still stand is found out by whoever stores it, in the same transaction.
"""

import re
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.conf import settings

from chatbot.chat_model import ChatModelError, stream_chat
from chatbot.deciding import Decision, Policy, decide
from chatbot.events import Status, Token
from chatbot.models import Message
from chatbot.pacing import paced
from chatbot.prompts import NO_ANSWER, Exchange, SourceText, build_prompt
from chatbot.standing import Listed, check_standing
from chatbot.threads import in_thread
from knowledge.models import Entry
from knowledge.retrieval import Candidate, Retrieval, retrieve

CLARIFY_QUESTION = "Did you mean one of these?"
CLARIFY_TEXT = f"I'm not sure I understood. {CLARIFY_QUESTION}"
UNWRITTEN_TEXT = "I couldn't write an answer just now."
# A model's words are handed on so often, and each time only if their sources still stand.
CHECK_EVERY_S = 0.1
FALLBACK_TEXT = "I couldn't write an answer just now, so here is the closest entry as it stands."

_CITED = re.compile(r"\[([0-9]{1,3}(?:\s*,\s*[0-9]{1,3})*)\]")
Outcome = Message.Outcome


@dataclass(frozen=True)
class Asked:
    """A question with what is needed to answer it; `history` oldest first, `entry_id` if a certain entry was chosen."""

    question: str
    knowledge_bases: tuple[uuid.UUID, ...]
    no_answer_text: str
    history: tuple[Exchange, ...] = ()
    entry_id: uuid.UUID | None = None
    assistant_id: uuid.UUID | None = None
    policy: Policy = field(default_factory=Policy)
    tone: str = ""
    instructions: str = ""


@dataclass(frozen=True)
class Writing:
    """A model begins to write from these sources: what there is to store if it is stopped before there is a draft."""

    sources: tuple[Listed, ...]
    trace: dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A whole reply, not stored yet; `failure` says to staff why it is not what it should be."""

    outcome: Message.Outcome
    text: str
    sources: tuple[Listed, ...] = ()
    offers: tuple[Listed, ...] = ()
    failure: str = ""
    trace: dict[str, Any] = field(default_factory=dict)


Retrieve = Callable[..., Retrieval]


async def answer(
    asked: Asked, *, may_write: bool, retrieve: Retrieve = retrieve
) -> AsyncGenerator[Status | Token | Writing | Draft, None]:
    """Yield what happens, at the end exactly one draft, which replaces all tokens.

    Raises RetrievalError, and SourcesChangedError where an entry is edited while a model writes from it.
    """
    yield Status("Looking it up…")
    clock = _Clock()
    found, decision = await _look_up(asked, may_write, retrieve)
    clock.lap("retrieve")
    trace = _trace(found, decision)
    if decision.outcome != Outcome.WRITE:
        yield _finished(_unwritten(decision, asked), trace, clock)
        return
    yield Status("Writing an answer…")
    trace["model"] = settings.CHAT_MODEL
    yield Writing(_listed(decision.sources), trace)
    async for step in _write(asked, found, decision, clock):
        yield _finished(step, trace, clock) if isinstance(step, Draft) else step


def declined(asked: Asked, why: str) -> Draft:
    """A decline that offers nothing, for when whatever was found does not stand any more."""
    return Draft(Outcome.DECLINE, asked.no_answer_text, trace={"decision": Outcome.DECLINE.value, "why": why})


async def _look_up(asked: Asked, may_write: bool, retrieve: Retrieve) -> tuple[Retrieval, Decision]:
    """Take the entry that the visitor chose if it may be said, else search."""
    if chosen := await in_thread(_chosen_entry)(asked):
        candidate = Candidate(entry=chosen, similarity=1.0, slot=1)
        decision = Decision(Outcome.QUOTE, "The visitor chose this entry.", sources=(candidate,))
        return Retrieval((candidate,), "chosen", {}, confidence=1.0), decision
    found = await in_thread(retrieve)(asked.question, knowledge_bases=asked.knowledge_bases, limit=5)
    return found, decide(found, model_available=may_write, policy=asked.policy)


def _chosen_entry(asked: Asked) -> Entry | None:
    if asked.entry_id is None:
        return None
    mine = Entry.objects.answerable().filter(knowledge_base__in=asked.knowledge_bases)
    return mine.filter(pk=asked.entry_id).first()


def _unwritten(decision: Decision, asked: Asked) -> Draft:
    sources, offers = _listed(decision.sources), _listed(decision.offers)
    if decision.outcome == Outcome.QUOTE:
        return Draft(Outcome.QUOTE, sources[0].answer, sources=sources)
    if decision.outcome == Outcome.CLARIFY:
        return Draft(Outcome.CLARIFY, CLARIFY_TEXT, offers=offers)
    return Draft(Outcome.DECLINE, asked.no_answer_text, offers=offers)


async def _write(
    asked: Asked, found: Retrieval, decision: Decision, clock: "_Clock"
) -> AsyncGenerator[Token | Draft, None]:
    sources = _listed(decision.sources)
    prompt = build_prompt(asked.question, [SourceText(s.question, s.answer) for s in sources], asked.history)
    text, shown = "", 0
    try:
        async with aclosing(stream_chat(prompt.messages)) as stream, aclosing(paced(stream, CHECK_EVERY_S)) as pieces:
            async for piece in pieces:
                text += piece
                if _may_become_no_answer(text):
                    continue
                await in_thread(check_standing)(sources)
                clock.lap("first_token", once=True)
                yield Token(text[shown:])
                shown = len(text)
    except ChatModelError as error:
        yield _without_model(found, asked, str(error))
        return
    yield _written(text, sources[: prompt.sources_used], asked)


def _without_model(found: Retrieval, asked: Asked, failure: str) -> Draft:
    """What would have been said had there been no model, with a plain word before it."""
    draft = _unwritten(decide(found, model_available=False, policy=asked.policy), asked)
    if draft.outcome == Outcome.QUOTE:
        return replace(draft, text=f"{FALLBACK_TEXT}\n\n{draft.text}", failure=failure)
    return replace(draft, text=f"{UNWRITTEN_TEXT} {CLARIFY_QUESTION}", failure=failure)


def _written(text: str, sources: tuple[Listed, ...], asked: Asked) -> Draft:
    if any(line.strip(" *_`.") == NO_ANSWER for line in text.splitlines()):
        return Draft(Outcome.DECLINE, asked.no_answer_text, offers=sources[:3])
    numbers = {int(n) for marks in _CITED.findall(text) for n in marks.split(",")}
    cited = tuple(source for source in sources if source.number in numbers)
    return Draft(Outcome.WRITE, text.strip(), cited or sources[:1])


def _may_become_no_answer(text: str) -> bool:
    start = text.lstrip(" \n*_`")
    return NO_ANSWER.startswith(start[: len(NO_ANSWER)])


def _listed(candidates: tuple[Candidate, ...]) -> tuple[Listed, ...]:
    return tuple(
        Listed(number, c.entry.pk, c.entry.version, c.entry.question, c.entry.answer, c.similarity)
        for number, c in enumerate(candidates, start=1)
    )


class _Clock:
    """Milliseconds since the question was taken up, by what had happened by then."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str, *, once: bool = False) -> None:
        if not (once and name in self.laps):
            self.laps[name] = round((time.perf_counter() - self._started) * 1000, 1)


def _trace(found: Retrieval, decision: Decision) -> dict[str, Any]:
    return {
        "way": found.way,
        "confidence": round(found.confidence, 4),
        "lead": round(found.lead, 4),
        "candidates": [_traced(c) for c in found.candidates],
        "decision": decision.outcome.value,
        "why": decision.why,
        "steps": {name: round(ms, 1) for name, ms in found.milliseconds.items()},
    }


def _traced(candidate: Candidate) -> dict[str, Any]:
    evidence = {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(candidate.evidence).items()}
    entry = candidate.entry
    return {
        "entry": str(entry.pk),
        "question": entry.question,
        "similarity": round(candidate.similarity, 4),
        "score": round(candidate.score, 4),
        "evidence": evidence,
    }


def _finished(draft: Draft, trace: dict[str, Any], clock: _Clock) -> Draft:
    clock.lap("total")
    trace = {**trace, "milliseconds": {**trace.pop("steps"), **clock.laps}}
    return Draft(draft.outcome, draft.text, draft.sources, draft.offers, draft.failure, trace)
