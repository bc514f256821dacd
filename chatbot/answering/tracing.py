"""How an answer came about, as staff read it later: what was found, decided and asked, and how long each step took."""

import time
from dataclasses import asdict
from typing import Any

from chatbot.deciding import Decision, Policy
from knowledge.retrieval import Candidate, Retrieval


class Clock:
    """Milliseconds since the question was taken up, by what had happened by then."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str, *, once: bool = False) -> None:
        """Note the time of a step that has just ended; with `once` only the first time."""
        if not (once and name in self.laps):
            self.laps[name] = round(self.passed_s() * 1000, 1)

    def passed_s(self) -> float:
        """Return the seconds since the beginning."""
        return time.perf_counter() - self._started


def trace_of(found: Retrieval, decision: Decision, policy: Policy) -> dict[str, Any]:
    """Return what was found and decided, in a form that can be stored as JSON."""
    return {
        "way": found.way,
        "confidence": round(found.confidence, 4),
        "lead": round(found.lead, 4),
        "candidates": [_candidate(c) for c in found.candidates],
        "decision": decision.outcome.value,
        "why": decision.why,
        "policy": asdict(policy),
        "milliseconds": {name: round(ms, 1) for name, ms in found.milliseconds.items()},
    }


def finished(trace: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Note in the trace how long it took until now, beside the milliseconds of retrieval's steps; returns the trace."""
    clock.lap("total")
    trace["milliseconds"] = {**trace.get("milliseconds", {}), **clock.laps}
    return trace


def _candidate(candidate: Candidate) -> dict[str, Any]:
    # Its values are plain: `asdict` would copy each of them, which takes longer than to look the entries up by words.
    evidence = {k: round(v, 4) if isinstance(v, float) else v for k, v in vars(candidate.evidence).items()}
    entry = candidate.entry
    return {
        "entry": str(entry.pk),
        "question": entry.question,
        "similarity": round(candidate.similarity, 4),
        "score": round(candidate.score, 4),
        "evidence": evidence,
    }
