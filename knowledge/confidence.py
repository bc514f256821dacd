"""How sure retrieval is that its first entry answers the question, and what that is good for.

The confidence is a probability: of a hundred questions with 0.8, about eighty should be answered by the first entry.
`manage.py evaluate` shows how far that holds for a set of questions.
"""

from enum import StrEnum

# A start, round numbers: on the dev splits they quote something for 3 % of clinc150's questions without an answer, and
# for 28 % of banking77_oos's, which lie between those with one.
QUOTE_AT = 0.60
CLARIFY_AT = 0.10
# Words alone never make an answer plain: without the embedding model there are offers, and no quotes.
MOST_BY_WORDS = 0.55


class Verdict(StrEnum):
    """What a visitor gets: the entry's own words, "Did you mean …?", or an honest no."""

    QUOTE = "quote"
    CLARIFY = "clarify"
    DECLINE = "decline"


def verdict(confidence: float) -> Verdict:
    """Return what a visitor gets at the shipped thresholds where no model writes."""
    if confidence >= QUOTE_AT:
        return Verdict.QUOTE
    return Verdict.CLARIFY if confidence >= CLARIFY_AT else Verdict.DECLINE


def by_words(coverage: float) -> float:
    """Return the confidence where only words could be compared; `coverage` as in `lexical.LexicalMatch`."""
    return MOST_BY_WORDS * coverage
