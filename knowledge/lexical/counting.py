"""What an entry has of each word, as numbers: pure functions, shared with the migration that first filled the table."""

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from knowledge.lexical.stems import forms
from knowledge.lexical.words import words

EVERY_ENTRY = ""
"""The word that every entry has once: its rows tell how many entries there are, and how long."""

# A word of the question or a phrasing against one of the answer: people ask in the words of the former.
_ASKED = 2
_MOST = 32_767
# Some 10 MB: a misspelled word is looked up in hundreds of forms, and people misspell the same ones.
_NUMBERED = 50_000
_TARGET = re.compile(r"\]\([^()]*\)")


class WordCount(NamedTuple):
    """One row to be: the number of a word, how often the entry has it, how many words the entry has."""

    word: int
    times: int
    length: int


def word_number(knowledge_base: uuid.UUID, word: str) -> int:
    """The number (signed, 64 bits) by which a word of a knowledge base is kept."""
    return _number(knowledge_base.int, word)


@lru_cache(_NUMBERED)
def _number(knowledge_base: int, word: str) -> int:
    key = knowledge_base.to_bytes(16)
    digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8, key=key)
    return int.from_bytes(digest.digest(), signed=True)


def count_words(knowledge_base: uuid.UUID, language: str, asked: Sequence[str], answer: str) -> list[WordCount]:
    """Rows of an entry with the question and phrasings `asked`. A word of the answer counts once, however often.

    So a long answer neither wins by repeating itself nor drowns the question in its length.
    """
    counts: Counter[str] = Counter()
    length = 0
    for word in _forms_of(asked, language):
        length += _ASKED
        for form in word:
            counts[form] += _ASKED
    told = set(_forms_of([_TARGET.sub("]", answer)], language))
    length += len(told)
    counts.update({form for word in told for form in word})
    counts[EVERY_ENTRY] = 1
    return [WordCount(word_number(knowledge_base, form), min(n, _MOST), length) for form, n in counts.items()]


def _forms_of(texts: Sequence[str], language: str) -> Iterable[tuple[str, ...]]:
    return (forms(word.form, language) for text in texts for word in words(text))
