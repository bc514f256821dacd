"""Whether to quote, write, ask back or decline: pure functions of what was found, so they can be measured alone."""

from dataclasses import dataclass

from chatbot.models import Assistant, Message
from knowledge import confidence
from knowledge.retrieval import Candidate, Retrieval

Outcome = Message.Outcome
Mode = Assistant.Mode
MAX_SOURCES = 5
# Below it a model would mostly write from entries that do not answer; three to choose from serve better.
WRITE_AT = 0.25


@dataclass(frozen=True)
class Policy:
    """From which confidence each step of the ladder is taken, as probabilities; `mode` leaves steps out."""

    mode: str = Mode.LADDER
    quote_at: float = confidence.QUOTE_AT
    write_at: float = WRITE_AT
    clarify_at: float = confidence.CLARIFY_AT
    lead_at: float = confidence.LEAD_AT

    @classmethod
    def of(cls, assistant: Assistant) -> "Policy":
        """Return the assistant's own thresholds, and Candor's where it has none."""
        names = ("quote_at", "write_at", "clarify_at", "lead_at")
        own = {name: value for name in names if (value := getattr(assistant, name)) is not None}
        return cls(mode=assistant.mode, **own)


@dataclass(frozen=True)
class Decision:
    """What to do, with what, and why in words for staff. `sources` and `offers` are best first."""

    outcome: Message.Outcome
    why: str
    sources: tuple[Candidate, ...] = ()
    offers: tuple[Candidate, ...] = ()


def decide(found: Retrieval, *, model_available: bool, policy: Policy | None = None) -> Decision:
    """Decide by the confidence that the first candidate answers, and by its lead; none at all is a decline."""
    policy = policy or Policy()
    if found.behind:
        return Decision(Outcome.CLARIFY, "A nearer entry was edited and is not indexed yet.", offers=found.offers)
    if not found.candidates:
        return Decision(Outcome.DECLINE, "Nothing was found.", offers=found.offers)
    sure, may_write = found.confidence, model_available and policy.mode != Mode.QUOTE
    unclear = _unclear(found, policy)
    if not unclear and not (may_write and policy.mode == Mode.WRITE):
        return Decision(Outcome.QUOTE, f"One entry is plainly meant: confidence {sure:.2f}.", found.candidates[:1])
    if may_write and sure >= (policy.clarify_at if policy.mode == Mode.WRITE else policy.write_at):
        why = f"The assistant writes whenever it can, and confidence is {sure:.2f}."
        if policy.mode != Mode.WRITE:
            why = f"No entry is plainly meant ({unclear}), but there is enough to write from: confidence {sure:.2f}."
        return Decision(Outcome.WRITE, why, found.candidates[:MAX_SOURCES])
    if sure >= policy.clarify_at:
        return Decision(Outcome.CLARIFY, f"No entry is plainly meant: {unclear}.", offers=_offers(found))
    why = f"Probably nothing answers this: confidence {sure:.2f} < {policy.clarify_at:.2f}."
    return Decision(Outcome.DECLINE, why, offers=found.offers)


def _unclear(found: Retrieval, policy: Policy) -> str:
    """Say why the first entry is not plainly meant; "" where it is."""
    if found.confidence < policy.quote_at:
        return f"confidence {found.confidence:.2f} < {policy.quote_at:.2f}"
    if found.lead < policy.lead_at:
        return f"its share among those found is {found.lead:.2f} < {policy.lead_at:.2f}"
    return ""


def _offers(found: Retrieval) -> tuple[Candidate, ...]:
    """Who is asked back has at least one thing to choose, also where nothing comes close."""
    return found.offers or found.candidates[:1]
