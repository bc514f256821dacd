"""One question, answered: made to stand alone, looked up, decided, then quoted, written, asked back or declined.

Nothing here is stored or sent. What comes out is a draft: whether its sources still stand is found out by whoever
stores it, in the same transaction.
"""

import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from chatbot.answering.asked import Asked, Draft, Writing
from chatbot.answering.following import make_standalone
from chatbot.answering.metering import metered
from chatbot.answering.tracing import Clock, finished, trace_of
from chatbot.answering.writing import NoAnswerError, RefusedError, Written, write
from chatbot.budgets import BudgetError
from chatbot.chat_model import MAX_ANSWER_TOKENS, ChatModelError
from chatbot.deciding import Decision, Mode, decide
from chatbot.events import Status, Token
from chatbot.grounding import support
from chatbot.models import Message
from chatbot.prompts import Prompt, SourceText, build_prompt, tokens_of
from chatbot.rewriting import Standalone
from chatbot.standing import Listed
from chatbot.threads import in_thread
from knowledge.models import Entry
from knowledge.retrieval import Candidate, Retrieval, retrieve

CLARIFY_TEXT = gettext_noop("I'm not sure I understood. Did you mean one of these?")
UNWRITTEN_TEXT = gettext_noop("I couldn't write an answer just now. Did you mean one of these?")
FALLBACK_TEXT = gettext_noop("I couldn't write an answer just now, so here is the closest entry as it stands.")
REPLACED_TEXT = gettext_noop("I could not make sure of every detail of that, so here is the entry as it stands.")

Outcome = Message.Outcome
Retrieve = Callable[..., Retrieval]
Step = Status | Token | Writing | Draft


async def answer(asked: Asked, *, may_write: bool, retrieve: Retrieve = retrieve) -> AsyncGenerator[Step, None]:
    """Yield what happens, at the end exactly one draft, which replaces all tokens.

    Raises RetrievalError, and SourcesChangedError where an entry is edited while a model writes from it.
    """
    yield Status(gettext("Looking it up…"))
    clock = Clock()
    may_write = may_write and asked.policy.mode != Mode.QUOTE
    trace: dict[str, Any] = {}
    standalone = await make_standalone(asked, trace, may_ask_model=may_write)
    clock.lap("rewrite")
    found, decision = await _look_up(asked, standalone.text, may_write, retrieve)
    clock.lap("retrieve")
    trace |= trace_of(found, decision, asked.policy)
    if decision.outcome != Outcome.WRITE:
        yield _end(_unwritten(decision, asked), trace, clock)
        return
    yield Status(gettext("Writing an answer…"))
    async for step in _write(asked, standalone, found, decision, trace, clock):
        yield _end(step, trace, clock) if isinstance(step, Draft) else step


def declined(asked: Asked, why: str) -> Draft:
    """A decline that offers nothing, for when whatever was found does not stand any more."""
    return Draft(Outcome.DECLINE, asked.no_answer_text, trace={"decision": Outcome.DECLINE.value, "why": why})


async def _look_up(asked: Asked, text: str, may_write: bool, retrieve: Retrieve) -> tuple[Retrieval, Decision]:
    """Take the entry that the visitor chose if it may be said, else search."""
    if asked.entry_id and (chosen := await in_thread(_chosen_entry)(asked.knowledge_bases, asked.entry_id)):
        candidate = Candidate(entry=chosen, similarity=1.0, slot=1)
        decision = Decision(Outcome.QUOTE, "The visitor chose this entry.", sources=(candidate,))
        return Retrieval((candidate,), "chosen", {}, confidence=1.0), decision
    found = await in_thread(retrieve)(text, knowledge_bases=asked.knowledge_bases, limit=5)
    return found, decide(found, model_available=may_write, policy=asked.policy)


def _chosen_entry(knowledge_bases: Sequence[uuid.UUID], entry_id: uuid.UUID) -> Entry | None:
    mine = Entry.objects.answerable().filter(knowledge_base__in=knowledge_bases)
    return mine.filter(pk=entry_id).first()


def _unwritten(decision: Decision, asked: Asked) -> Draft:
    sources, offers = _listed(decision.sources), _listed(decision.offers)
    if decision.outcome == Outcome.QUOTE:
        return Draft(Outcome.QUOTE, sources[0].answer, sources=sources)
    if decision.outcome == Outcome.CLARIFY:
        return Draft(Outcome.CLARIFY, gettext(CLARIFY_TEXT), offers=offers)
    return Draft(Outcome.DECLINE, asked.no_answer_text, offers=offers)


async def _write(
    asked: Asked, standalone: Standalone, found: Retrieval, decision: Decision, trace: dict[str, Any], clock: Clock
) -> AsyncGenerator[Token | Writing | Draft, None]:
    prompt = _prompt(asked, standalone, decision)
    sources = _listed(decision.sources)[: prompt.sources_used]
    written = Written()
    trace |= {"model": settings.CHAT_MODEL, "prompt": list(prompt.messages)}
    yield Writing(sources, trace)
    left_s = max(settings.CHAT_FIRST_TOKEN_S - clock.passed_s(), 1.0)
    try:
        async with (
            metered(asked.assistant_id, tokens_of(prompt.messages), MAX_ANSWER_TOKENS, trace) as written.call,
            aclosing(write(prompt, sources, asked, written, first_token_within_s=left_s)) as tokens,
        ):
            async for token in tokens:
                clock.lap("first_token", once=True)
                yield token
        draft = _whole(written, sources)
    except BudgetError as error:
        trace["budget"] = str(error)
        draft = _unwritten(decide(found, model_available=False, policy=asked.policy), asked)
    except NoAnswerError:
        draft = Draft(Outcome.DECLINE, asked.no_answer_text, offers=sources[:3])
    except ChatModelError as error:
        draft = _without_model(found, asked, str(error))
    except RefusedError as error:
        trace["guard"] = {"stopped": {"kind": error.kind, "fact": error.fact}}
        draft = _replaced(found, asked, sources, str(error))
    finally:
        # Also where it is stopped here, and no draft comes: what it used and how long it took is kept.
        trace["call"] = asdict(written.call)
        finished(trace, clock)
    trace["guard"] = trace.get("guard", {}) | written.guard_trace() | {"support": draft.support}
    yield draft


def _prompt(asked: Asked, standalone: Standalone, decision: Decision) -> Prompt:
    return build_prompt(
        asked.question,
        [SourceText(c.entry.question, c.entry.answer) for c in decision.sources],
        asked.history,
        searched=standalone.text,
        tone=asked.tone,
        instructions=asked.instructions,
        language=asked.language,
    )


def _whole(written: Written, sources: tuple[Listed, ...]) -> Draft:
    text = written.text.strip()
    cited = tuple(source for source in sources if source.number in written.cited())
    carried = support(text, [f"{s.question}\n{s.answer}" for s in sources])
    return Draft(Outcome.WRITE, text, cited or sources[:1], support=round(carried, 4))


def _without_model(found: Retrieval, asked: Asked, failure: str) -> Draft:
    """What would have been said had there been no model, with a plain word before it."""
    draft = _unwritten(decide(found, model_available=False, policy=asked.policy), asked)
    if draft.outcome == Outcome.QUOTE:
        return replace(draft, text=f"{gettext(FALLBACK_TEXT)}\n\n{draft.text}", failure=failure)
    return replace(draft, text=gettext(UNWRITTEN_TEXT), failure=failure)


def _replaced(found: Retrieval, asked: Asked, sources: tuple[Listed, ...], failure: str) -> Draft:
    """The entry that is plainly meant, else an honest no with the nearest ones, in place of what a model made up."""
    draft = _unwritten(decide(found, model_available=False, policy=asked.policy), asked)
    if draft.outcome == Outcome.QUOTE:
        return replace(draft, text=f"{gettext(REPLACED_TEXT)}\n\n{draft.text}", failure=failure)
    return Draft(Outcome.DECLINE, asked.no_answer_text, offers=sources[:3], failure=failure)


def _listed(candidates: tuple[Candidate, ...]) -> tuple[Listed, ...]:
    return tuple(
        Listed(number, c.entry.pk, c.entry.version, c.entry.question, c.entry.answer, c.similarity)
        for number, c in enumerate(candidates, start=1)
    )


def _end(draft: Draft, trace: dict[str, Any], clock: Clock) -> Draft:
    return replace(draft, trace=finished(trace, clock))
