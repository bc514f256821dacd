"""How far the sources carry an answer: the share of its words that they have, in whatever form."""

import re
from collections.abc import Sequence

from knowledge.lexical.function_words import is_common
from knowledge.lexical.stems import forms
from knowledge.lexical.words import words

# Measured on human labels (benchmarks/grounding.py --support): words like "you" and "the" tell less, but not nothing.
COMMON_WEIGHT = 0.5
# One sentence that nothing carries must show in a long answer too.
WEAKEST_SHARE = 0.25
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_MARKS = re.compile(r"\[[0-9]+(?:\s*,\s*[0-9]+)*\]")


def support(text: str, sources: Sequence[str]) -> float:
    """Return a number between 0 and 1: 1 where each word of `text` is in the sources; its weakest sentence counts more.

    AUROC 0.946 on the human labels of BEGIN (Dziri et al., 2022), development part of Wizard of Wikipedia.
    """
    known = {form for source in sources for word in words(source) for form in forms(word.form, "en")}
    parts = [_carried(part, known) for part in _SENTENCE_END.split(_MARKS.sub("", text))]
    total = sum(weight for weight, _ in parts)
    if not total:
        return 1.0
    whole = sum(carried for _, carried in parts) / total
    weakest = min(carried / weight for weight, carried in parts if weight)
    return (1 - WEAKEST_SHARE) * whole + WEAKEST_SHARE * weakest


def _carried(sentence: str, known: set[str]) -> tuple[float, float]:
    """Return the weight of a sentence's words, and of those that are known."""
    total = carried = 0.0
    for word in words(sentence):
        weight = COMMON_WEIGHT if is_common(word.form, ("en",)) else 1.0
        total += weight
        carried += weight * (not known.isdisjoint(forms(word.form, "en")))
    return total, carried
