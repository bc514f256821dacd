"""What one text says: its facts with what they imply, its words, and which of them it writes like names.

A source is read once and kept: the same entries answer again and again.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from chatbot.grounding.facts import Fact, facts_of
from chatbot.grounding.folding import fold
from chatbot.grounding.tokens import Token, tokenise
from chatbot.grounding.vocabulary import AFTER_NOON, BEFORE_NOON, DAYS
from knowledge.lexical.stems import forms as word_forms

Key = tuple[object, ...]
# Some 20 kB each.
MOST_KEPT = 1_000
_PART_OF_LINK = re.compile(r"[^\W\d_]{2,}")
_JOINTS = frozenset({"to", "-", "and", "or", "until", "till", "bis", "through"})
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
    reading.stems.update(form for word in reading.words for form in word_forms(word, "en"))
    return reading


def _read_facts(reading: Reading, folded: str, tokens: list[Token]) -> None:
    facts = facts_of(folded, tokens)
    for place, (fact, first, after) in enumerate(facts):
        reading.keys.update(fact.keys)
        # Who says "within a week" says seven days.
        reading.keys.update(("duration", *key[1:3]) for key in fact.keys if key[0] == "rate")
        reading.numbers.update(fact.numbers)
        _read_range(reading, tokens, first, after)
        if place and _joined(tokens, facts[place - 1][2], first):
            _read_pair(reading, facts[place - 1][0], fact)


def _read_word(reading: Reading, token: Token, before: Token | None, folded: str) -> None:
    if token.kind in {"link", "target", "email", "domain"}:
        reading.words.update(part.casefold() for part in _PART_OF_LINK.findall(token.text))
    if before is not None and "mark" not in {before.kind, token.kind}:
        reading.pairs.add((before.low, token.low))
    if token.kind != "word":
        return
    reading.words.add(token.low)
    reading.words.add(token.low.removesuffix("'s"))
    if token.text.islower():
        reading.smalls.add(token.low)
    elif before is not None and before.text[-1] not in _ENDS_SENTENCE and "\n" not in folded[before.end : token.start]:
        reading.capitals.add(token.low)


def _read_range(reading: Reading, tokens: list[Token], first: int, after: int) -> None:
    """`Monday to Friday` says Tuesday as well, and `9-17` and `9 to 5` say hours."""
    if after + 1 >= len(tokens) or tokens[after].low not in {"to", "-", "until", "till", "bis", "and", "through"}:
        return
    begin, end = tokens[first], tokens[after + 1]
    if begin.low in DAYS and end.low in DAYS:
        day, last = DAYS[begin.low], DAYS[end.low]
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


def _read_pair(reading: Reading, one: Fact, other: Fact) -> None:
    """`10 to 20 °C` says 10 °C, `£10 or 20` says £20, `7 to 9 pm` says 7 pm."""
    if len(one.keys) == 1 == len(other.keys) and one.keys[0][0] != other.keys[0][0]:
        reading.keys.update(_with_unit(one, other, before=True))
        reading.keys.update(_with_unit(other, one, before=False))


def _joined(tokens: Sequence[Token], end: int, begin: int) -> bool:
    """Whether nothing but a word like `to` stands between two facts."""
    return begin == end + 1 and tokens[end].low in _JOINTS


def _with_unit(fact: Fact, other: Fact, *, before: bool) -> Iterable[Key]:
    """The number of `fact` with the unit of `other`, which stands after it, or before it."""
    key = other.keys[0]
    if fact.keys[0][0] != "number":
        return
    for value in fact.numbers:
        if key[0] == "percent" and before:
            yield ("percent", value)
        elif key[0] == "amount" or (key[0] == "measure" and before):
            yield (key[0], key[1], value)
        elif key[0] == "duration" and before and isinstance(key[2], Fraction) and other.numbers[0]:
            yield (*key[:2], key[2] / other.numbers[0] * value)
        elif key[0] == "time" and before and isinstance(key[1], int) and 0 < value <= 12:
            hour = value % 12 * 60 + key[1] // 720 * 720
            yield ("time", int(hour if hour < key[1] else hour - 720) % 1440)
