"""What the sources and the visitor's question say, and whether a fact of an answer is among it."""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from chatbot.grounding.facts import Fact, facts_of
from chatbot.grounding.folding import fold
from chatbot.grounding.tokens import Token, tokenise
from chatbot.grounding.vocabulary import AFTER_NOON, BEFORE_NOON, DAYS
from knowledge.lexical.stems import forms as word_forms

Key = tuple[object, ...]
_PART_OF_LINK = re.compile(r"[^\W\d_]{2,}")
_JOINTS = frozenset({"to", "-", "and", "or", "until", "till", "bis", "through"})
_ENDS_SENTENCE = frozenset('.!?:;…"“«([#>|•-')
_LISTED = re.compile(r"^[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]", re.MULTILINE)
# Digits of a telephone number that may be left out before it, and those that are enough without them.
_ENOUGH_DIGITS = 6


class Said:
    """Facts and words of some texts; built once for an answer, then only asked."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.keys: set[Key] = set()
        self.numbers: set[Fraction] = set()
        self.words: set[str] = set()
        self.names: set[str] = set()
        """Words that these texts write with a capital only, also within a sentence."""
        self.pairs: set[tuple[str, str]] = set()
        self.list_sizes: set[int] = set()
        self._small: set[str] = set()
        self._folded = [fold(text) for text in texts]
        for text, folded in zip(texts, self._folded, strict=True):
            self._read(folded)
            self.list_sizes.add(len(_LISTED.findall(text)))
        self.names -= self._small
        self._stems = {form for word in self.words for form in word_forms(word, "en")}
        self._plain = [re.sub(r"\s+", " ", folded).casefold() for folded in self._folded]

    def _read(self, folded: str) -> None:
        tokens = tokenise(folded)
        facts = facts_of(folded, tokens)
        for place, (fact, first, after) in enumerate(facts):
            self.keys.update(fact.keys)
            # Who says "within a week" says seven days.
            self.keys.update(("duration", *key[1:3]) for key in fact.keys if key[0] == "rate")
            self.numbers.update(fact.numbers)
            self._read_range(tokens, first, after)
            if place and _joined(tokens, facts[place - 1][2], first):
                self._read_pair(facts[place - 1][0], fact)
        before: Token | None = None
        for token in tokens:
            self._read_word(token, before, folded)
            before = token

    def _read_word(self, token: Token, before: Token | None, folded: str) -> None:
        if token.kind in {"link", "target", "email", "domain"}:
            self.words.update(part.casefold() for part in _PART_OF_LINK.findall(token.text))
        if before is not None and "mark" not in {before.kind, token.kind}:
            self.pairs.add((before.low, token.low))
        if token.kind != "word":
            return
        self.words.add(token.low)
        self.words.add(token.low.removesuffix("'s"))
        if token.text.islower():
            self._small.add(token.low)
        elif (
            before is not None
            and before.text[-1] not in _ENDS_SENTENCE
            and "\n" not in folded[before.end : token.start]
        ):
            self.names.add(token.low)

    def _read_range(self, tokens: list[Token], first: int, after: int) -> None:
        """`Monday to Friday` says Tuesday as well, and `9-17` and `9 to 5` say hours."""
        if after + 1 >= len(tokens) or tokens[after].low not in {"to", "-", "until", "till", "bis", "and", "through"}:
            return
        begin, end = tokens[first], tokens[after + 1]
        if begin.low in DAYS and end.low in DAYS:
            day, last = DAYS[begin.low], DAYS[end.low]
            while day != last:
                self.keys.add(("weekday", day))
                day = (day + 1) % 7
            self.keys.add(("weekday", last))
        said_when = after + 2 < len(tokens) and tokens[after + 2].low in BEFORE_NOON | AFTER_NOON
        if begin.kind == "number" == end.kind and max(len(begin.text), len(end.text)) <= 2 and not said_when:
            hours = int(begin.text), int(end.text)
            self.keys.update(("hour", hour) for hour in hours)
            if hours[1] < hours[0] <= 12:
                self.keys.add(("hour", hours[1] + 12))

    def _read_pair(self, one: Fact, other: Fact) -> None:
        """`10 to 20 °C` says 10 °C, `£10 or 20` says £20, `7 to 9 pm` says 7 pm."""
        if len(one.keys) == 1 == len(other.keys) and one.keys[0][0] != other.keys[0][0]:
            self.keys.update(_with_unit(one, other, before=True))
            self.keys.update(_with_unit(other, one, before=False))

    def supports(self, fact: Fact) -> bool:
        """Whether one of these texts says this fact, in whatever spelling."""
        return any(map(self._has, fact.keys)) or self._has_literally(fact.text)

    def knows(self, word: str) -> bool:
        """Whether a casefolded word, or another form of it, stands in one of the texts."""
        word = word.removesuffix("'s")
        return word in self.words or not self._stems.isdisjoint(word_forms(word, "en"))

    def _has(self, key: Key) -> bool:
        kind = str(key[0])
        check = getattr(self, f"_has_{kind}", None)
        return key in self.keys if check is None else key in self.keys or bool(check(*key[1:]))

    def _has_number(self, value: Fraction) -> bool:
        return value in self.numbers

    def _has_counted(self, value: Fraction) -> bool:
        return value in self.numbers or value in self.list_sizes

    def _has_age(self, value: Fraction) -> bool:
        return ("number", value) in self.keys

    def _has_part(self, word: str, value: Fraction) -> bool:
        return word in self.words or value in self.numbers or ("percent", value * 100) in self.keys

    def _has_amount(self, currency: str, value: Fraction) -> bool:
        return currency == "*" and any(key[0] == "amount" and key[2] == value for key in self.keys)

    def _has_rate(self, family: str, length: Fraction, unit: str) -> bool:
        return ("duration", family, length) in self.keys or self.knows(unit)

    def _has_time(self, minutes: int) -> bool:
        return minutes % 60 == 0 and ("hour", minutes // 60) in self.keys

    def _has_link(self, host: str, path: str) -> bool:
        return not path and any(key[:2] == ("link", host) for key in self.keys)

    def _has_digits(self, digits: str) -> bool:
        return any(_same_phone(digits, str(key[1])) for key in self.keys if key[0] == "digits")

    def _has_date(self, year: int | None, month: int, day: int | None) -> bool:
        return any(_same_date((year, month, day), key[1:]) for key in self.keys if key[0] == "date")

    def _has_either(self, one: Key, other: Key) -> bool:
        return self._has(one) and self._has(other)

    def _has_literally(self, text: str) -> bool:
        """As it stands, and not as a part of a longer number or word."""
        wanted = re.sub(r"\s+", " ", text).casefold()
        whole = re.compile(rf"(?<![\w.,£$€¥%/-]){re.escape(wanted)}(?![\w%]|[.,:/-]\d|\s?(?:%|percent|per cent))")
        return any(wanted in plain and whole.search(plain) for plain in self._plain)


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


def _same_phone(one: str, other: str) -> bool:
    """Equal but for a country code, an international prefix or a leading zero."""
    shorter, longer = sorted((one.removeprefix("00").lstrip("0"), other.removeprefix("00").lstrip("0")), key=len)
    return shorter == longer or (len(shorter) >= _ENOUGH_DIGITS and longer.endswith(shorter))


def _same_date(one: Iterable[object], other: Iterable[object]) -> bool:
    """What is said on both sides agrees, and what the first says of day and month the second says too."""
    (year, month, day), (its_year, its_month, its_day) = one, other
    years = year is None or its_year is None or year == its_year
    # A year that only the answer has must be said somewhere; a day or a month too.
    return years and month == its_month and (day is None or day == its_day) and (year is None or its_year is not None)
