"""How far the sources carry an answer: the share of its content words that they have."""

import re
from collections.abc import Sequence

from knowledge.lexical.function_words import is_common
from knowledge.lexical.stems import forms
from knowledge.lexical.words import words

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_MARKS = re.compile(r"\[[0-9]+(?:\s*,\s*[0-9]+)*\]")


def support(text: str, sources: Sequence[str]) -> float:
    """Return a number between 0 and 1: 1 where each content word of `text` is in the sources, in whatever form."""
    known = {form for source in sources for word in words(source) for form in forms(word.form, "en")}
    wanted = [word.form for word in words(_MARKS.sub("", text)) if not is_common(word.form, ("en",))]
    if not wanted:
        return 1.0
    return sum(not known.isdisjoint(forms(word, "en")) for word in wanted) / len(wanted)
