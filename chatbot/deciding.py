"""Whether to quote, write, ask back or decline: one pure function of what was found, so it can be measured alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.models import Message
from knowledge import confidence
from knowledge.confidence import Verdict
from knowledge.retrieval import Candidate, Retrieval

Outcome = Message.Outcome

# Cosines of all-MiniLM-L6-v2, read off the demo and test questions by eye.
NEAR_AT = 0.35  # below it what waits to be indexed has not much to do with the question
OFFER_AT = 0.25  # a decline names what comes closest, but not what is plainly something else
SAID_AT = 0.5  # or what has this share of the question's words, where no cosine is known
MAX_OFFERS = 3
MAX_SOURCES = 5


@dataclass(frozen=True)
class Decision:
    """What to do, with what, and why in words for staff. `sources` and `offers` are best first."""

    outcome: Message.Outcome
    why: str
    sources: tuple[Candidate, ...] = ()
    offers: tuple[Candidate, ...] = ()


def decide(found: Retrieval, *, model_available: bool) -> Decision:
    """Decide by the confidence that the first candidate answers; none at all is a decline.

    A nearer entry that is `waiting` to be indexed after an edit makes the nearest one there is the wrong one: ask back.
    """
    candidates, sure = found.candidates, found.confidence
    if _is_behind(found):
        near = sorted([*found.waiting, *candidates], key=lambda c: -c.similarity)
        return Decision(Outcome.CLARIFY, "A nearer entry was edited and is not indexed yet.", offers=_offers(near))
    if not candidates:
        return Decision(Outcome.DECLINE, "Nothing was found.", offers=_offers(found.waiting))
    offers = _offers([*candidates, *found.waiting])
    verdict = confidence.verdict(sure)
    if verdict == Verdict.DECLINE:
        why = f"Probably nothing answers this: confidence {sure:.2f} < {confidence.CLARIFY_AT}."
        return Decision(Outcome.DECLINE, why, offers=offers)
    if model_available:
        return Decision(Outcome.WRITE, f"Sources found, confidence {sure:.2f}.", tuple(candidates[:MAX_SOURCES]))
    if verdict == Verdict.CLARIFY:
        why = f"No entry is plainly meant: confidence {sure:.2f} < {confidence.QUOTE_AT}."
        return Decision(Outcome.CLARIFY, why, offers=offers or tuple(candidates[:1]))
    return Decision(Outcome.QUOTE, f"One entry is plainly meant: confidence {sure:.2f}.", tuple(candidates[:1]))


def _is_behind(found: Retrieval) -> bool:
    nearest = max((c.similarity for c in found.candidates), default=0.0)
    return bool(found.waiting) and found.waiting[0].similarity >= max(NEAR_AT, nearest)


def _offers(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Pick what to offer, each entry once."""
    close = [c for c in candidates if c.similarity >= OFFER_AT or (not c.similarity and c.evidence.coverage >= SAID_AT)]
    by_entry = {c.entry.pk: c for c in reversed(close)}
    return tuple(reversed(by_entry.values()))[:MAX_OFFERS]
