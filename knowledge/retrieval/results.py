"""What retrieval hands out: candidates with what speaks for them, how sure it is, and what a visitor would get."""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge import confidence as confidences
from knowledge.confidence import Verdict
from knowledge.models import Entry

# Cosines of all-MiniLM-L6-v2, read off the demo and test questions by eye.
NEAR_AT = 0.35  # below it what waits to be indexed has not much to do with the question
OFFER_AT = 0.25  # a decline names what comes closest, but not what is plainly something else
SAID_AT = 0.5  # or what has this share of the question's words, where no cosine is known
MAX_OFFERS = 3


class RetrievalError(Exception):
    """Nothing can be looked up at the moment; the message says why, for staff."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for an entry: numbers between 0 and 1 (cosines: -1 and 1), but for those that say so."""

    phrasing: float = 0.0
    """Cosine of the nearest passage."""
    nearby: float = 0.0
    """Mean cosine of the three nearest passages."""
    span: float = 0.0
    """How much of the question lies in what the entry's passages span together."""
    whole: float = 0.0
    """Cosine of the passage that has question, phrasings and answer in one."""
    entry: float = 0.0
    """Cosine of the mean of its passages (of the 16 nearest, where it has more)."""
    agreement: float = 0.0
    """How likely a head learned from the passages around the question takes it for this entry's words."""
    discriminant: float = 0.0
    """How far the question speaks for this entry, by how the wordings around it scatter; any number, see `heads`."""
    distinctness: float = 0.0
    """How far this entry stands out from that scatter; 0 or more."""
    beside: float = 0.0
    """Mean span of the (at most 15) entries that come nearest beside it."""
    neighbours: float = 0.0
    """Mean cosine of this entry's middle with those of the three that come nearest beside it."""
    small_talk: float = 0.0
    """How much nearer the question is to what people say to anybody than to a passage of the entry; 0 or more."""
    bm25: float = 0.0
    """BM25, divided by the best of this question."""
    coverage: float = 0.0
    """Share of the rarity of the question's words that the entry has."""
    overlap: float = 0.0
    """BM25, divided by the root of the number of the question's words; 0 or more, without an upper bound."""
    words: tuple[str, ...] = ()
    """The question's words that agree, the rarest first."""
    asked_words: int = 0
    """How many distinct words the question has."""
    passages: int = 0
    """How many passages the entry has."""


@dataclass(frozen=True)
class Candidate:
    """An entry that may answer; `similarity` is the cosine of its passage `slot`, the nearest; `score` ranks."""

    entry: Entry
    similarity: float
    slot: int
    score: float = 0.0
    evidence: Evidence = Evidence()

    @property
    def matched(self) -> str:
        """The words that were nearest: a phrasing or the question; "" for the entry as a whole. Costs a query."""
        wordings = [self.entry.question, *(phrasing.text for phrasing in self.entry.phrasings.all())]
        # An editor may have taken phrasings away since the entry was read.
        return wordings[self.slot - 1] if 0 < self.slot <= len(wordings) else ""


@dataclass(frozen=True)
class Retrieval:
    """Candidates, best first, one per entry; `way` is "index", "exact" or "words"; milliseconds of each step.

    `confidence` is the probability that the first candidate answers the question, 0 where there is none; `lead` is how
    likely it is meant if one of those found is. `waiting` are entries found by the words they had before an edit that
    is not indexed yet, or by their words alone before they are: good for an offer, for their words are today's, and no
    ground for an answer.
    """

    candidates: tuple[Candidate, ...]
    way: str
    milliseconds: dict[str, float]
    waiting: tuple[Candidate, ...] = ()
    confidence: float = 0.0
    lead: float = 1.0

    @property
    def behind(self) -> bool:
        """Whether a nearer entry was edited and is not indexed yet: the nearest there is may be the wrong one."""
        nearest = max((c.similarity for c in self.candidates), default=0.0)
        return bool(self.waiting) and self.waiting[0].similarity >= max(NEAR_AT, nearest)

    @property
    def verdict(self) -> Verdict:
        """What a visitor gets where no model writes."""
        if self.behind:
            return Verdict.CLARIFY
        return confidences.verdict(self.confidence, self.lead) if self.candidates else Verdict.DECLINE

    @property
    def offers(self) -> tuple[Candidate, ...]:
        """What “did you mean” names, best first, up to three: what comes close, and one at least where it is asked."""
        if self.behind:
            return _close(sorted([*self.waiting, *self.candidates], key=lambda c: -c.similarity))
        close = _close([*self.candidates, *self.waiting])
        return close or (self.candidates[:1] if self.verdict == Verdict.CLARIFY else ())


def _close(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    close = [c for c in candidates if c.similarity >= OFFER_AT or (not c.similarity and c.evidence.coverage >= SAID_AT)]
    by_entry = {c.entry.pk: c for c in reversed(close)}
    return tuple(reversed(by_entry.values()))[:MAX_OFFERS]
