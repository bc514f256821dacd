"""What one text says: its facts with what they imply, its words, and which of them it writes like names.

A source is read once and kept: the same entries answer again and again.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from chatbot.grounding import languages
from chatbot.grounding.facts import facts_of
from chatbot.grounding.figures import short_unit
from chatbot.grounding.folding import fold
from chatbot.grounding.ranges import joined, shared_keys
from chatbot.grounding.tokens import Token, tokenise
from chatbot.grounding.vocabulary import AFTER_NOON, BEFORE_NOON, DAYS
from knowledge.lexical.stems import forms as word_forms

Key = tuple[object, ...]
# Some 20 kB each.
MOST_KEPT = 1_000
_PART_OF_LINK = re.compile(r"[^\W\d_]{2,}")
_RANGES = frozenset({"to", "-", "until", "till", "bis", "and", "through"}) | languages.RANGES
_ALL_DAYS = DAYS | languages.DAYS
_ENDS_PART = frozenset(".,;:!?")
_ENDS_SENTENCE = frozenset('.!?:;…"“«([#>|•-')
_LISTED = re.compile(r"^[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]", re.MULTILINE)


@dataclass
class Reading:
    """One text, read; not changed afterwards."""

    keys: set[Key] = field(default_factory=set)
    numbers: set[Fraction] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    capitals: set[str] = field(default_factory=set)
    """Words that it writes with a capital within a sentence."""
    smalls: set[str] = field(default_factory=set)
    shouted: set[str] = field(default_factory=set)
    """Words that it writes in capitals."""
    initials: set[str] = field(default_factory=set)
    """Of words with a capital that stand together, two to four."""
    pairs: set[tuple[str, str]] = field(default_factory=set)
    listed: int = 0
    """How many points its lists have."""
    plain: str = ""


@lru_cache(MOST_KEPT)
def read_text(text: str) -> Reading:
    """Return what a text says."""
    folded = fold(text)
    reading = Reading(listed=len(_LISTED.findall(text)), plain=re.sub(r"\s+", " ", folded).casefold())
    tokens = tokenise(folded)
    _read_facts(reading, folded, tokens)
    before: Token | None = None
    for token in tokens:
        _read_word(reading, token, before, folded)
        before = token
    for length in (2, 3, 4):
        for words in zip(*(tokens[start:] for start in range(length)), strict=False):
            if all(word.kind == "word" and word.text[0].isupper() for word in words):
                reading.initials.add("".join(word.low[0] for word in words))
    # "Aberdeen, Washington" may be said without its comma.
    for one, comma, other in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if comma.text == "," and one.text[0].isupper() and other.text[0].isupper():
            reading.pairs.add((one.low, other.low))
    reading.stems.update(form for word in reading.words for form in word_forms(word, "en"))
    return reading


def _read_facts(reading: Reading, folded: str, tokens: list[Token]) -> None:
    facts = facts_of(folded, tokens)
    for place, (fact, first, after) in enumerate(facts):
        reading.keys.update(fact.keys)
        # Who says "within a week" says seven days.
        reading.keys.update(("duration", *key[1:3]) for key in fact.keys if key[0] == "rate")
        reading.numbers.update(fact.numbers)
        if short := short_unit(fact, tokens, after):
            reading.keys.update(short.keys)
            if place and joined(tokens, facts[place - 1][2], first):
                reading.keys.update(shared_keys(facts[place - 1][0], short)[0])
        if (
            place
            and _ends_part(tokens, after, folded)
            and "\n" not in _between(folded, tokens, facts[place - 1][2], first)
        ):
            # "80% after 2½ hours, full after 4" says four hours.
            alike = shared_keys(fact, facts[place - 1][0])[0]
            reading.keys.update(key for key in alike if key[0] in {"duration", "measure"})
        _read_range(reading, tokens, first, after)
        if place and joined(tokens, facts[place - 1][2], first):
            reading.keys.update(key for keys in shared_keys(facts[place - 1][0], fact) for key in keys)


def _ends_part(tokens: list[Token], place: int, folded: str) -> bool:
    """Whether a part of a sentence, or a line, ends before this place."""
    if place >= len(tokens) or tokens[place].text in _ENDS_PART:
        return True
    return "\n" in folded[tokens[place - 1].end : tokens[place].start]


def _between(folded: str, tokens: list[Token], end: int, begin: int) -> str:
    return folded[tokens[end - 1].end : tokens[begin].start]


def _read_word(reading: Reading, token: Token, before: Token | None, folded: str) -> None:
    if token.kind in {"link", "target", "email", "domain"}:
        reading.words.update(part.casefold() for part in _PART_OF_LINK.findall(token.text))
    if before is not None and "mark" not in {before.kind, token.kind}:
        reading.pairs.add((before.low, token.low))
    if token.kind != "word":
        return
    reading.words.add(token.low)
    reading.words.add(token.low.removesuffix("'s"))
    if token.text.isupper():
        reading.shouted.add(token.low)
    if token.text.islower():
        reading.smalls.add(token.low)
    elif before is not None and before.text[-1] not in _ENDS_SENTENCE and "\n" not in folded[before.end : token.start]:
        reading.capitals.add(token.low)


def _read_range(reading: Reading, tokens: list[Token], first: int, after: int) -> None:
    """`Monday to Friday` says Tuesday as well, and `9-17` and `9 to 5` say hours."""
    if after + 1 >= len(tokens) or tokens[after].low not in _RANGES:
        return
    begin, end = tokens[first], tokens[after + 1]
    if begin.low in _ALL_DAYS and end.low in _ALL_DAYS:
        day, last = _ALL_DAYS[begin.low], _ALL_DAYS[end.low]
        while day != last:
            reading.keys.add(("weekday", day))
            day = (day + 1) % 7
        reading.keys.add(("weekday", last))
    said_when = after + 2 < len(tokens) and tokens[after + 2].low in BEFORE_NOON | AFTER_NOON
    if begin.kind == "number" == end.kind and max(len(begin.text), len(end.text)) <= 2 and not said_when:
        hours = int(begin.text), int(end.text)
        reading.keys.update(("hour", hour) for hour in hours)
        if hours[1] < hours[0] <= 12:
            reading.keys.add(("hour", hours[1] + 12))
