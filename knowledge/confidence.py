"""How sure retrieval is that its first entry answers the question, and what that is good for.

The confidence is a probability: of a hundred questions with 0.8, about eighty should be answered by the first entry.
`manage.py evaluate` shows how far that holds for a set of questions, `manage.py calibrate` makes it hold for yours.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log, log1p

# A logistic regression; `python -m benchmarks.fit_ranking` fits it on dev splits, through the product's own search.
# The first line is what tells a question with an answer from one without (pairs of both, compared): one that is made of
# all that an entry says, and does not only sound like a few of its wordings. The second line is what that is worth in a
# base whose entries are near to each other, or whose phrasings are not.
SPAN, ENTRY, NEARBY, DISCRIMINANT, DISTINCTNESS, OVERLAP, LENGTH = 7.18, 4.89, -6.43, 2.78, -1.07, 0.18, 0.83
CROWDING, COHESION, WORDINGS, OFFSET = -12.86, -1.28, 0.54, 1.36
# Where a base has not been looked at yet, or has too few entries or phrasings to tell.
USUAL_CROWDING, USUAL_COHESION = 0.52, 0.50
# What was seen when the constants were fitted, and a little more: a base of nothing but the same entry is no crowd.
MOST_WORDINGS, MOST_WORDS = 16, 48
CROWDING_SEEN, COHESION_SEEN = (0.30, 0.65), (0.35, 0.65)
# Chosen on the dev splits: a round number at which no set has more than 15 % false answers (14 % at most).
QUOTE_AT = 0.60
CLARIFY_AT = 0.10
# An entry is plainly meant only if it is likelier than all others together.
LEAD_AT = 0.5
# Words alone never make an answer plain: without the embedding model there are offers, and no quotes.
MOST_BY_WORDS = 0.55


class Verdict(StrEnum):
    """What a visitor gets: the entry's own words, "Did you mean …?", or an honest no."""

    QUOTE = "quote"
    CLARIFY = "clarify"
    DECLINE = "decline"


@dataclass(frozen=True)
class Match:
    """How the first entry meets the question; see `knowledge.retrieval.Evidence`."""

    span: float
    entry: float
    nearby: float
    discriminant: float
    distinctness: float
    overlap: float
    words: int
    """Different words of the question."""
    wordings: int
    """Passages of the entry."""


@dataclass(frozen=True)
class Scale:
    """What a match is worth in one knowledge base; the last two are its own calibration (Platt scaling)."""

    crowding: float = USUAL_CROWDING
    """Mean cosine of an entry's question with what is nearest in the five nearest other entries."""
    cohesion: float = USUAL_COHESION
    """Mean cosine of two wordings of the same entry."""
    slope: float = 1.0
    offset: float = 0.0


def confidence(match: Match, scale: Scale) -> float:
    """Return the probability that an entry which meets a question like this answers it."""
    logit = scale.slope * evidence(match, scale) + scale.offset
    return 1.0 / (1.0 + exp(-min(max(logit, -30.0), 30.0)))


def evidence(match: Match, scale: Scale) -> float:
    """Return the log-odds that an entry is meant, before the base's own calibration."""
    near = (
        SPAN * match.span
        + ENTRY * match.entry
        + NEARBY * match.nearby
        + DISCRIMINANT * match.discriminant
        + DISTINCTNESS * match.distinctness
        + OVERLAP * match.overlap
        + LENGTH * log1p(min(match.words, MOST_WORDS))
    )
    base = CROWDING * _within(scale.crowding, CROWDING_SEEN) + COHESION * _within(scale.cohesion, COHESION_SEEN)
    return near + base + WORDINGS * log(min(max(match.wordings, 1), MOST_WORDINGS)) + OFFSET


def verdict(confidence: float, lead: float = 1.0) -> Verdict:
    """Return what a visitor gets at the shipped thresholds where no model writes.

    `lead` is how likely the first entry is meant if one of those found is.
    """
    if confidence >= QUOTE_AT and lead >= LEAD_AT:
        return Verdict.QUOTE
    return Verdict.CLARIFY if confidence >= CLARIFY_AT else Verdict.DECLINE


def _within(value: float, seen: tuple[float, float]) -> float:
    return min(max(value, seen[0]), seen[1])


def by_words(coverage: float) -> float:
    """Return the confidence where only words could be compared; `coverage` as in `lexical.LexicalMatch`."""
    return MOST_BY_WORDS * coverage
