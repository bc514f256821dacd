"""Whether to quote, write, ask back or decline: one pure function of what was found, so it can be measured alone."""

from dataclasses import dataclass

from chatbot.models import Message
from knowledge.confidence import CLARIFY_AT, QUOTE_AT, Verdict
from knowledge.retrieval import Candidate, Retrieval

Outcome = Message.Outcome
MAX_SOURCES = 5


@dataclass(frozen=True)
class Decision:
    """What to do, with what, and why in words for staff. `sources` and `offers` are best first."""

    outcome: Message.Outcome
    why: str
    sources: tuple[Candidate, ...] = ()
    offers: tuple[Candidate, ...] = ()


def decide(found: Retrieval, *, model_available: bool) -> Decision:
    """Decide by the confidence that the first candidate answers, and by its lead; none at all is a decline."""
    verdict, sure = found.verdict, found.confidence
    if found.behind:
        return Decision(Outcome.CLARIFY, "A nearer entry was edited and is not indexed yet.", offers=found.offers)
    if verdict == Verdict.DECLINE:
        why = f"Probably nothing answers this: confidence {sure:.2f} < {CLARIFY_AT}." if found.candidates else ""
        return Decision(Outcome.DECLINE, why or "Nothing was found.", offers=found.offers)
    if model_available:
        return Decision(Outcome.WRITE, f"Sources found, confidence {sure:.2f}.", found.candidates[:MAX_SOURCES])
    if verdict == Verdict.CLARIFY:
        close = f"its share among those found is {found.lead:.2f}"
        why = f"confidence {sure:.2f} < {QUOTE_AT}" if sure < QUOTE_AT else close
        return Decision(Outcome.CLARIFY, f"No entry is plainly meant: {why}.", offers=found.offers)
    return Decision(Outcome.QUOTE, f"One entry is plainly meant: confidence {sure:.2f}.", found.candidates[:1])
