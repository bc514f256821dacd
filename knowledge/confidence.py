"""How sure retrieval is that its first entry answers the question, and what that is good for.

The confidence is a probability: of a hundred questions with 0.8, about eighty should be answered by the first entry.
`manage.py evaluate` shows how far that holds for a set of questions, `manage.py calibrate` makes it hold for yours.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log

# A logistic regression; `python -m benchmarks.fit_ranking` fits it on dev splits, through the product's own search.
# The first two lines are what tells a question with an answer from one without (pairs of both, compared): one that is
# made of all that an entry says, and does not only sound like a few of its wordings, like the entries beside it or like
# small talk. A long question about an entry with near neighbours lies far in those too, and is none the worse for it.
# The third line is what all that is worth in a base whose entries are near to each other, or whose phrasings are not.
SPAN, ENTRY, NEARBY, DISCRIMINANT, DISTINCTNESS = 8.09, 1.81, -3.05, 2.57, -0.83
BESIDE, LONG_AMONG_NEAR, SMALL_TALK, OVERLAP = -2.83, 3.99, -5.63, 0.21
CROWDING, COHESION, OFFSET = -8.19, -1.07, 1.47
# Chosen and not fitted (docs/decisions/0015). More of LEAD finds the right one of two near entries better, and tells
# less well whether any is right. The fewer entries a base has, the more questions on its subject have no answer there.
LEAD, ENTRIES = 0.21, 0.68
# Where a base has not been looked at yet, or has too few entries or phrasings to tell.
USUAL_CROWDING, USUAL_COHESION, USUAL_ENTRIES = 0.52, 0.50, 60
# What was seen when the constants were fitted, and a little more: a base of nothing but the same entry is no crowd.
CROWDING_SEEN, COHESION_SEEN, ENTRIES_SEEN, LEAST_LEAD = (0.30, 0.65), (0.30, 0.65), (40, 150), 0.02
# A question of more words than the first is a long one, and one of more than the second no longer; how near neighbours
# are in the mean of the dev questions.
LONG, NEAR = (5, 30), 0.42
# Chosen on the dev splits: a round number at which no set has more than 15 % false answers (13 % at most), and no more
# than 37 % where half of the entries are hidden and half of the questions are about those.
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
    beside: float
    neighbours: float
    small_talk: float
    words: int
    """Distinct words of the question."""
    lead: float
    """How likely the entry is meant if one of those found is."""
    overlap: float


@dataclass(frozen=True)
class Scale:
    """What a match is worth in one knowledge base; the last two are its own calibration (Platt scaling)."""

    crowding: float = USUAL_CROWDING
    """Mean cosine of an entry's question with what is nearest in the five nearest other entries."""
    cohesion: float = USUAL_COHESION
    """Mean cosine of two wordings of the same entry."""
    entries: int = USUAL_ENTRIES
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
        + BESIDE * match.beside
        + LONG_AMONG_NEAR * long_among_near(match)
        + SMALL_TALK * match.small_talk
        + OVERLAP * match.overlap
        + LEAD * log(max(match.lead, LEAST_LEAD))
    )
    base = (
        CROWDING * _within(scale.crowding, CROWDING_SEEN)
        + COHESION * _within(scale.cohesion, COHESION_SEEN)
        + ENTRIES * size(scale)
    )
    return near + base + OFFSET


def long_among_near(match: Match) -> float:
    """Return how far a question is a long one, times how much nearer than usual the entry's neighbours are to it."""
    return log(_within(match.words, LONG) / LONG[0]) * (match.neighbours - NEAR)


def size(scale: Scale) -> float:
    """Return the logarithm of how many entries a base has, against the usual number."""
    return log(_within(scale.entries, ENTRIES_SEEN) / USUAL_ENTRIES)


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
