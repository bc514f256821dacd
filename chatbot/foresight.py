"""What an assistant does with the golden questions at its thresholds, and what it would do at others."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.deciding import Decision, Policy, decide
from chatbot.models import Assistant, Message
from knowledge.models import GoldenQuestion
from knowledge.retrieval import Retrieval, retrieve

# They are looked up while somebody waits: about ten milliseconds each.
MOST = 300
Outcome = Message.Outcome


@dataclass(frozen=True)
class Looked:
    """A golden question and what is found for it: the part that no threshold changes."""

    golden: GoldenQuestion
    found: Retrieval


@dataclass(frozen=True)
class Foreseen:
    """What a question gets, and whether that is right.

    Right is a quote of its entry, an answer written from sources with its entry among them, an offer that has it; and
    to decline, where nothing answers it.
    """

    outcome: Message.Outcome
    right: bool
    entry: str = ""
    """The question of the entry that is quoted, "" for every other outcome."""


@dataclass(frozen=True)
class Count:
    """How many questions an outcome has, out of all, and how many of these wrongly."""

    number: int
    wrong: int
    share: float


@dataclass(frozen=True)
class Line:
    """An outcome at the thresholds that are saved and at those that are tried."""

    outcome: Message.Outcome
    now: Count
    then: Count


@dataclass(frozen=True)
class Change:
    """A question that gets something else."""

    golden: GoldenQuestion
    now: Foreseen
    then: Foreseen


@dataclass(frozen=True)
class Foresight:
    """All of it; `left_out` golden questions were too many to look up."""

    questions: int
    left_out: int
    lines: list[Line]
    changes: list[Change]


def look_up(assistant: Assistant) -> tuple[list[Looked], int]:
    """Look up the newest golden questions of what an assistant knows; also returns how many are left out.

    Raises RetrievalError.
    """
    bases = list(assistant.knowledge_bases.values_list("pk", flat=True))
    golden = GoldenQuestion.objects.filter(knowledge_base__in=bases, lost=False).select_related("entry")
    chosen = list(golden.order_by("-created_at", "pk")[:MOST])
    looked = [Looked(one, retrieve(one.question, knowledge_bases=bases, limit=5)) for one in chosen]
    return looked, max(golden.count() - len(chosen), 0)


def foresee(looked: Looked, policy: Policy, *, model_available: bool) -> Foreseen:
    """Decide as for a visitor."""
    decision = decide(looked.found, model_available=model_available, policy=policy)
    quoted = decision.sources[0].entry.question if decision.outcome == Outcome.QUOTE else ""
    return Foreseen(decision.outcome, is_right(decision, looked.golden.entry_id), quoted)


def compare(
    looked: Sequence[Looked], now: Policy, then: Policy, *, model_available: bool, left_out: int = 0
) -> Foresight:
    """Count what the questions get by both policies, and name those that get something else."""
    pairs = [
        (
            one.golden,
            foresee(one, now, model_available=model_available),
            foresee(one, then, model_available=model_available),
        )
        for one in looked
    ]
    lines = [
        Line(outcome, _count(outcome, [old for _, old, _ in pairs]), _count(outcome, [new for _, _, new in pairs]))
        for outcome in Outcome
    ]
    changes = [Change(golden, old, new) for golden, old, new in pairs if old != new]
    return Foresight(len(pairs), left_out, lines, changes)


def is_right(decision: Decision, expected: uuid.UUID | None) -> bool:
    """Tell whether a decision is right for a question that an entry answers, or none; see `Foreseen`."""
    if decision.outcome == Outcome.DECLINE:
        return expected is None
    named = decision.offers if decision.outcome == Outcome.CLARIFY else decision.sources
    return expected in {candidate.entry.pk for candidate in named}


def _count(outcome: Message.Outcome, foreseen: Sequence[Foreseen]) -> Count:
    mine = [one for one in foreseen if one.outcome == outcome]
    return Count(len(mine), sum(not one.right for one in mine), len(mine) / max(len(foreseen), 1))
