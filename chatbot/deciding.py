"""Whether to quote, write, ask back or decline: one pure function of what was found, so it can be measured alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.models import Message
from knowledge.retrieval import Candidate

Outcome = Message.Outcome

# Cosines of all-MiniLM-L6-v2, read off the demo and test questions by eye: a start, not a calibration.
QUOTE_AT = 0.60  # below it the nearest entry is too often a neighbour of the one that was meant
CERTAIN_AT = 0.90  # from here on even a close second does not make the first one doubtful
CLEAR_GAP = 0.03  # two entries nearer to each other than this may both be meant
CLARIFY_AT = 0.35  # below it nothing that was found has much to do with the question
OFFER_AT = 0.25  # a decline names what comes closest, but not what is plainly something else
MAX_OFFERS = 3
MAX_SOURCES = 5


@dataclass(frozen=True)
class Decision:
    """What to do, with what, and why in words for staff. `sources` and `offers` are best first."""

    outcome: Message.Outcome
    why: str
    sources: tuple[Candidate, ...] = ()
    offers: tuple[Candidate, ...] = ()


def decide(candidates: Sequence[Candidate], *, model_available: bool, waiting: Sequence[Candidate] = ()) -> Decision:
    """Decide about candidates that are sorted best first; none at all is a decline.

    A nearer entry that is `waiting` to be indexed after an edit makes the nearest one there is the wrong one: ask back.
    """
    if waiting and waiting[0].similarity >= max([CLARIFY_AT, *(c.similarity for c in candidates[:1])]):
        near = sorted([*waiting, *candidates], key=lambda c: -c.similarity)
        return Decision(Outcome.CLARIFY, "A nearer entry was edited and is not indexed yet.", offers=_offers(near))
    if not candidates:
        return Decision(Outcome.DECLINE, "Nothing was found.")
    top, offers = candidates[0].similarity, _offers(candidates)
    if top < CLARIFY_AT:
        return Decision(Outcome.DECLINE, f"The nearest entry is too far: {top:.2f} < {CLARIFY_AT}.", offers=offers)
    if model_available:
        return Decision(Outcome.WRITE, f"Sources found, the nearest at {top:.2f}.", tuple(candidates[:MAX_SOURCES]))
    return _quote_or_clarify(candidates, offers)


def _quote_or_clarify(candidates: Sequence[Candidate], offers: tuple[Candidate, ...]) -> Decision:
    top = candidates[0].similarity
    if top < QUOTE_AT:
        why = f"The nearest entry is not near enough: {top:.2f} < {QUOTE_AT}."
        return Decision(Outcome.CLARIFY, why, offers=offers)
    gap = top - candidates[1].similarity if len(candidates) > 1 else 1.0
    if top < CERTAIN_AT and gap < CLEAR_GAP:
        return Decision(Outcome.CLARIFY, f"Two entries are equally near: {top:.2f}, gap {gap:.3f}.", offers=offers)
    return Decision(Outcome.QUOTE, f"One entry is plainly nearest: {top:.2f}, gap {gap:.2f}.", tuple(candidates[:1]))


def _offers(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Pick what to offer, each entry once."""
    by_entry = {c.entry.pk: c for c in reversed(candidates) if c.similarity >= OFFER_AT}
    return tuple(reversed(by_entry.values()))[:MAX_OFFERS]
