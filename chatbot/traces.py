"""How an answer was made, for staff to read: a stored trace in words and figures."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.utils.safestring import SafeString

from chatbot.contexts import Turn
from chatbot.models import Citation

_WAYS = {
    "index": "in the search index",
    "exact": "in the database, because the search index did not answer",
    "words": "by words alone, because the embedding model or the search did not answer",
    "chosen": "not at all: the visitor chose the entry",
}
_THRESHOLDS = {
    "quote_at": "quotes from",
    "write_at": "writes from",
    "clarify_at": "asks back from",
    "lead_at": "lead from",
}
_DECISIONS = {"quote": "To quote", "write": "To write", "clarify": "To ask back", "decline": "To decline"}
_EVIDENCE = {
    "phrasing": "nearest wording",
    "whole": "as a whole",
    "agreement": "told from its neighbours",
    "coverage": "words in common",
}
# What has happened when the clock was read, in this order, and what the time before it went into.
_LAPS = {
    "rewrite": "making the question stand alone",
    "retrieve": "looking it up",
    "first_token": "until the first word was shown",
    "total": "the rest",
}
_STEPS = {"embed": "understanding", "search": "by meaning", "words": "by words", "rank": "ranking", "join": "reading"}


@dataclass(frozen=True)
class CandidateView:
    """An entry that was found; `evidence` by name, 0 to 1."""

    entry_id: str
    question: str
    similarity: float
    score: float
    evidence: list[tuple[str, float]]
    words: list[str]


@dataclass(frozen=True)
class CallView:
    """One call of the model: what for, and its facts by name."""

    title: str
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class TraceView:
    """A trace, part by part; a part that did not take place is empty."""

    searched: str
    rewritten_by: str
    way: str
    decision: str
    why: str
    figures: list[tuple[str, str]]
    candidates: list[CandidateView]
    calls: list[CallView]
    cost: str
    guard: list[tuple[str, str]]
    notes: list[str]
    prompt: list[dict[str, str]]
    times: list[tuple[str, float]]
    retrieval_times: list[tuple[str, float]]

    @property
    def total_ms(self) -> float:
        """The whole time, in milliseconds."""
        return sum(ms for _, ms in self.times)


@dataclass(frozen=True)
class StaffTurn:
    """A turn with what only staff see: what the reply rests on, how it was made, why it deserves a look.

    `words_then` has, by citation, the answers that its entries had at the time.
    """

    turn: Turn
    citations: list[Citation]
    trace: TraceView | None
    why: list[str] = field(default_factory=list)
    words_then: dict[uuid.UUID, SafeString] = field(default_factory=dict)


def staff_turn(
    turn: Turn, why: Sequence[str] = (), words_then: Mapping[uuid.UUID, SafeString] | None = None
) -> StaffTurn:
    """Return a turn as staff read it; citations loaded."""
    if turn.reply is None:
        return StaffTurn(turn, [], None)
    message = turn.reply.message
    citations = list(message.citations.all())
    then = {one.pk: words_then[one.pk] for one in citations if words_then and one.pk in words_then}
    return StaffTurn(turn, citations, trace_view(message.trace), list(why), then)


def trace_view(trace: Mapping[str, Any]) -> TraceView | None:
    """Read a trace, also one of an earlier version that lacks parts; None where there is none."""
    if not trace.get("decision"):
        return None
    milliseconds = trace.get("milliseconds", {})
    outcome = str(trace["decision"])
    return TraceView(
        searched=str(trace.get("searched", "")),
        rewritten_by=str(trace.get("rewritten_by", "")),
        way=_WAYS.get(trace.get("way", ""), str(trace.get("way", ""))),
        decision=_DECISIONS.get(outcome, outcome),
        why=str(trace.get("why", "")),
        figures=_figures(trace),
        candidates=[_candidate(one) for one in trace.get("candidates", [])],
        calls=_calls(trace),
        cost=f"{trace['cost']:.6f}" if "cost" in trace else "",
        guard=_guard(trace.get("guard") or {}),
        notes=[str(trace[name]) for name in ("budget", "rewriting_failed") if trace.get(name)],
        prompt=list(trace.get("prompt", [])),
        times=_durations(milliseconds),
        retrieval_times=[(name, milliseconds[step]) for step, name in _STEPS.items() if step in milliseconds],
    )


def _figures(trace: Mapping[str, Any]) -> list[tuple[str, str]]:
    policy = trace.get("policy", {})
    known = [("confidence", trace.get("confidence")), ("lead", trace.get("lead"))]
    figures = [(name, f"{value:.2f}") for name, value in known if value is not None]
    return figures + [(name, f"{policy[key]:.2f}") for key, name in _THRESHOLDS.items() if key in policy]


def _candidate(found: Mapping[str, Any]) -> CandidateView:
    evidence = found.get("evidence", {})
    return CandidateView(
        entry_id=str(found.get("entry", "")),
        question=str(found.get("question", "")),
        similarity=float(found.get("similarity", 0)),
        score=float(found.get("score", 0)),
        evidence=[(name, float(evidence[key])) for key, name in _EVIDENCE.items() if key in evidence],
        words=[str(word) for word in evidence.get("words", ())],
    )


def _calls(trace: Mapping[str, Any]) -> list[CallView]:
    titles = {"rewriting_call": "To make the question stand alone", "call": "To write the answer"}
    return [CallView(title, _call(trace[name])) for name, title in titles.items() if trace.get(name)]


def _call(call: Mapping[str, Any]) -> list[tuple[str, str]]:
    about = "about " if call.get("estimated", True) else ""
    facts = [
        ("model", str(call.get("model", ""))),
        ("tokens in", f"{about}{call.get('prompt_tokens', 0):,}"),
        ("tokens out", f"{about}{call.get('completion_tokens', 0):,}"),
        ("ended with", str(call.get("finish_reason") or "nothing")),
        ("took", f"{call.get('total_ms', 0):,.0f} ms"),
    ]
    if call.get("first_token_ms") is not None:
        facts.append(("first word after", f"{call['first_token_ms']:,.0f} ms"))
    return facts + ([("asked again", f"{call['retries']} time")] if call.get("retries") else [])


def _guard(guard: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = []
    if stopped := guard.get("stopped"):
        what = f": “{stopped['fact']}”" if stopped.get("fact") else ""
        facts.append(("stopped the answer at", f"{stopped.get('kind', 'a fact')}{what}"))
    if guard.get("dropped_citations"):
        facts.append(("invented sources left out", str(guard["dropped_citations"])))
    if guard.get("support") is not None:
        facts.append(("carried by the sources", f"{guard['support']:.0%}"))
    return facts


def _durations(milliseconds: Mapping[str, float]) -> list[tuple[str, float]]:
    read = [("", 0.0)] + [(name, milliseconds[lap]) for lap, name in _LAPS.items() if lap in milliseconds]
    return [(name, max(at - before, 0.0)) for (_, before), (name, at) in pairwise(read)]
