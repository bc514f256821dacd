"""What the sources and the visitor's question say, and whether a fact of an answer is among it."""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from chatbot.grounding.facts import Fact
from chatbot.grounding.reading import Key, read_text
from knowledge.lexical.stems import forms as word_forms

# Digits of a telephone number that may be left out before it, and those that are enough without them.
_ENOUGH_DIGITS = 6
_VERSIONS = ("version", "release", "software", "firmware", "app", "update")


class Said:
    """Facts and words of some texts together."""

    def __init__(self, texts: Sequence[str]) -> None:
        read = [read_text(text) for text in texts]
        self.keys: set[Key] = set().union(*(one.keys for one in read))
        self.numbers: set[Fraction] = set().union(*(one.numbers for one in read))
        self.words: set[str] = set().union(*(one.words for one in read))
        self.pairs: set[tuple[str, str]] = set().union(*(one.pairs for one in read))
        self.names: set[str] = set().union(*(one.capitals for one in read)).difference(*(one.smalls for one in read))
        """Words that these texts write with a capital only, also within a sentence."""
        self.shouted: set[str] = set().union(*(one.shouted for one in read))
        """Words that they write in capitals."""
        self.initials: set[str] = set().union(*(one.initials for one in read))
        """What their names are short for: the UK of United Kingdom."""
        self.list_sizes = {one.listed for one in read}
        self._stems: set[str] = set().union(*(one.stems for one in read))
        self._plain = [one.plain for one in read]

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

    def _has_percent(self, value: Fraction) -> bool:
        """Half of it is 50 % of it."""
        return any(key[0] == "part" and key[2] == value / 100 for key in self.keys)

    def _has_age(self, value: Fraction) -> bool:
        return ("number", value) in self.keys

    def _has_ordinal(self, value: Fraction) -> bool:
        """The 15th is said by a 15 June, and the third by a list of three points."""
        dated = any(key[0] == "date" and len(key) == 4 and key[3] == value for key in self.keys)
        return dated or value <= max(self.list_sizes, default=0)

    def _has_labelled(self, label: str, value: Fraction) -> bool:
        # What has a point in it is no count of anything: software 3.2 is version 3.2.
        known = self.knows(label) or (label in _VERSIONS and (value.denominator > 1 or any(map(self.knows, _VERSIONS))))
        return value in self.numbers and known

    def _has_word(self, word: str) -> bool:
        return self.knows(word) or (word == "every day" and self._says_every_day())

    def _says_every_day(self) -> bool:
        return "daily" in self.words or ("every", "day") in self.pairs or ("each", "day") in self.pairs

    def _has_pair(self, one: str, other: str) -> bool:
        return (one, other) in self.pairs

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
