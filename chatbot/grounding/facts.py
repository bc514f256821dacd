"""The hard facts in a text: numbers with their units, dates, times, telephone numbers, addresses, links and codes.

A fact has a key that is the same for all its spellings: `seven days` and `a week` are both so many minutes. Names are
no facts here: whether a word is a name depends on what stands before it, see `names`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from chatbot.grounding.dates import numeric_date, worded_date
from chatbot.grounding.links import link_key
from chatbot.grounding.numbers import readings, worded_number
from chatbot.grounding.tokens import Token
from chatbot.grounding.vocabulary import (
    AFTER_NOON,
    AGES,
    ARTICLES,
    BEFORE_NOON,
    CENTS,
    COUNTED,
    CURRENCIES,
    DAYS,
    DOUBTFUL_DAYS,
    DURATIONS,
    GLUED_ONLY,
    MAGNITUDES,
    MEASURES,
    NAMED_TIMES,
    O_CLOCK,
    ORDINALS,
    PARTS,
    PERCENT,
)

Key = tuple[object, ...]
_ORDINAL_ENDINGS = frozenset({"st", "nd", "rd", "th", "er", "e", "º", "ª"})
_DIGITS_OF_A_PHONE = 7
# Of things that a source lists an answer may say how many they are, up to so many.
MOST_COUNTED = 10


@dataclass(frozen=True)
class Fact:
    """A fact, how it was written and what it comes to: `keys` are its possible readings, the first the likeliest.

    `numbers` are the plain numbers that it contains: who says 30 days says 30.
    """

    kind: str
    text: str
    keys: tuple[Key, ...]
    numbers: tuple[Fraction, ...] = ()


class _Reader:
    """Reads tokens from left to right; each method returns a fact and the place after it, or None."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens

    def fact(
        self, kind: str, first: int, after: int, *keys: Key, numbers: Iterable[Fraction | int] = ()
    ) -> tuple[Fact, int]:
        words = self.text[self.tokens[first].start : self.tokens[after - 1].end]
        return Fact(kind, words, keys, tuple(map(Fraction, numbers))), after

    def low(self, place: int) -> str:
        return self.tokens[place].low if 0 <= place < len(self.tokens) else ""

    def kind(self, place: int) -> str:
        return self.tokens[place].kind if 0 <= place < len(self.tokens) else ""

    def glued(self, place: int) -> bool:
        return 0 <= place < len(self.tokens) and self.tokens[place].glued

    def read(self, place: int) -> tuple[Fact, int] | None:
        kind = self.kind(place)
        if kind in {"target", "link", "domain", "email"}:
            found = link_key(kind, self.tokens[place].text)
            return self.fact("e-mail" if found[0] == "e-mail" else "link", place, place + 1, found)
        if kind == "date":
            return self.fact("date", place, place + 1, *numeric_date(self.tokens[place].text))
        for way in (self._phone, self._code, self._time, self._date, self._number, self._part, self._day):
            if found_fact := way(place):
                return found_fact
        return None

    def _phone(self, place: int) -> tuple[Fact, int] | None:
        after, digits, groups, plus = place, "", 0, False
        while True:
            low, kind = self.low(after), self.kind(after)
            if plus and digits and self._is_trunk_zero(after):
                after += 3
            elif kind in {"number", "version"} and re.fullmatch(r"[\d.]+", low):
                digits, groups, after = digits + low.replace(".", ""), groups + 1, after + 1
            elif low == "+" and after == place and self.kind(after + 1) in {"number", "mark"}:
                plus, after = True, after + 1
            elif low in {"(", ")", "-", "/"} and self._phone_goes_on(after, opening=after == place):
                after += 1
            else:
                break
        whole = "".join(t.text for t in self.tokens[place:after])
        if not digits or not (plus or len(digits) >= _DIGITS_OF_A_PHONE) or (groups == 1 and "." in whole):
            return None
        # 1 000 000 is a number, and so is 250000 as long as nothing says otherwise.
        thousands = groups > 1 and all(len(t.text) == 3 for t in self.tokens[place + 1 : after] if t.kind == "number")
        if thousands and not plus and len(self.tokens[place].text) <= 3 and self.kind(place) == "number":
            return None
        return self.fact("phone", place, after, ("digits", digits))

    def _is_trunk_zero(self, place: int) -> bool:
        """+44 (0)20: the zero is for callers who leave out +44."""
        return [self.low(place + step) for step in range(3)] == ["(", "0", ")"]

    def _phone_goes_on(self, place: int, *, opening: bool) -> bool:
        """Whether a bracket or a hyphen here stands between groups of digits."""
        after = place + 1
        while self.low(after) in {"(", ")", "-"} and after < place + 3:
            after += 1
        if self.kind(after) != "number":
            return False
        return self.low(place) == "(" if opening else True

    def _code(self, place: int) -> tuple[Fact, int] | None:
        """Letters and digits in one: E42, GX-200, v2.1, 4G; a number with a unit is none."""
        if self.kind(place) == "version":
            return self.fact("version", place, place + 1, ("code", self.low(place)))
        if self.kind(place) not in {"number", "word"}:
            return None
        after = place + 1
        while self.glued(after) and self.kind(after) in {"number", "word", "version"}:
            after += 1
        if not all(token.text.isascii() for token in self.tokens[place:after]):
            return None  # scripts without spaces have words right beside numbers
        hyphen = self.low(after) == "-" and self.glued(after) and self.glued(after + 1)
        if hyphen and self.tokens[place].text.isupper() and self.kind(after + 1) in {"number", "version"}:
            after += 2
            while self.glued(after) and self.kind(after) in {"number", "word"}:
                after += 1
        if after == place + 1 or self._is_quantity(place, after):
            return None
        text = "".join(t.low for t in self.tokens[place:after] if t.text != "-")
        kind = "version" if re.fullmatch(r"v\d[\d.]*", text) else "code"
        return self.fact(kind, place, after, ("code", text))

    def _is_quantity(self, place: int, after: int) -> bool:
        if after != place + 2 or self.kind(place) != "number" or self.kind(place + 1) != "word":
            return False
        unit = self.low(place + 1)
        known = (*DURATIONS, *MEASURES, *CURRENCIES, *CENTS, *MAGNITUDES, *_ORDINAL_ENDINGS, "am", "pm", "h", "x", "d")
        return unit in known or unit in PERCENT or unit in O_CLOCK

    def _time(self, place: int) -> tuple[Fact, int] | None:
        low, kind = self.low(place), self.kind(place)
        if low in NAMED_TIMES:
            return self.fact("time", place, place + 1, ("time", NAMED_TIMES[low]))
        if kind == "time":
            hour, minute = map(int, re.split("[:h]", low))
        elif kind == "number" and re.fullmatch(r"\d{1,2}(?:[.]\d\d)?", low):
            hour, minute = (int(part) for part in (*low.split("."), "0")[:2])
        else:
            return None
        half = self.low(place + 1)
        if kind == "number" and low == "12" and half in NAMED_TIMES:
            return self.fact("time", place, place + 2, ("time", NAMED_TIMES[half]), numbers={hour})
        if half in AFTER_NOON or half in BEFORE_NOON:
            full = hour % 12 + (12 if half in AFTER_NOON else 0)
            return self.fact("time", place, place + 2, ("time", full * 60 + minute), numbers={hour, full})
        if half in O_CLOCK:
            keys: list[Key] = [("time", hour % 24 * 60 + minute), ("time", (hour % 12 + 12) * 60 + minute)]
            return self.fact("time", place, place + 2, *keys, numbers={hour})
        if kind != "time":
            return None
        key = ("time", hour % 24 * 60 + minute)
        return self.fact(
            "time", place, place + 1, key, numbers={hour, (hour - 1) % 12 + 1, *([minute] if minute else [])}
        )

    def _date(self, place: int) -> tuple[Fact, int] | None:
        if found := worded_date(self.tokens, place):
            key, after = found
            return self.fact("date", place, after, key, numbers=[n for n in (key[1], key[3]) if isinstance(n, int)])
        return None

    def _number(self, place: int) -> tuple[Fact, int] | None:
        """A number with its currency before it or its unit after it."""
        first, currency = place, CURRENCIES.get(self.low(place), "")
        if currency and self.kind(place + 1) == "number":
            place += 1
        else:
            currency = ""
        found = self._value(place)
        if found is None:
            return None
        values, after, bare = found
        if currency:
            return self.fact("amount", first, after, *[("amount", currency, v) for v in values], numbers=values)
        if unit := self._unit(values, after):
            kind, keys, end = unit
            if bare in ARTICLES and bare != "one" and keys[0][0] == "duration":
                keys = [("rate", *keys[0][1:], self.low(end - 1))]
            return self.fact(kind, first, end, *keys, numbers=values)
        if bare in ARTICLES:
            return None
        kind = "counted" if self.low(after) in COUNTED and values[0] <= MOST_COUNTED else "number"
        keys = [(kind, values[0]), *(("number", value) for value in values[1:])]
        return self.fact("number", first, after, *keys, numbers=values)

    def _value(self, place: int) -> tuple[tuple[Fraction, ...], int, str] | None:
        """A number in digits, with a magnitude after it, or in words; the word itself where it is a single one."""
        if self.kind(place) == "number":
            return self._digits(place)
        if self.low(place) in ORDINALS:
            return (Fraction(ORDINALS[self.low(place)]),), place + 1, ""
        if found := worded_number([t.low for t in self.tokens[place : place + 16]]):
            value, length = found
            return (value,), place + length, self.low(place) if length == 1 else ""
        if self.low(place) in ARTICLES and self._duration(place + 1):
            return (Fraction(1),), place + 1, self.low(place)
        return None

    def _digits(self, place: int) -> tuple[tuple[Fraction, ...], int, str]:
        values, after = readings(self.tokens[place].text), place + 1
        while self.kind(after) == "number" and re.fullmatch(r"\d{3}(?:[.,]\d+)?", self.low(after)):
            if not re.fullmatch(r"\d{1,3}", self.low(after - 1)):
                break
            values, after = (values[0] * 1000 + readings(self.tokens[after].text)[0],), after + 1
        if part := self._fraction(after):
            values, after = (values[0] / part,), after + 2
        elif self.kind(after) == "number" and (part := self._fraction(after + 1)):
            values, after = (values[0] + readings(self.tokens[after].text)[0] / part,), after + 3
        if self.glued(after) and self.low(after) in _ORDINAL_ENDINGS:
            after += 1
        elif self.low(after) in MAGNITUDES and (self.low(after) != "k" or self.glued(after)):
            values, after = tuple(v * MAGNITUDES[self.low(after)] for v in values), after + 1
        return values, after, ""

    def _fraction(self, place: int) -> Fraction | None:
        """What a number is divided by here."""
        if self.low(place) == "/" and self.glued(place) and self.kind(place + 1) == "number":
            return readings(self.tokens[place + 1].text)[0] or None
        return None

    def _age(self, place: int) -> int:
        """The place after `old`, `or older` or `of age` here; the place itself where nothing of it is there."""
        place += self.low(place) == "-"
        if self.low(place) in {"old", "olds"}:
            return place + 1
        return place + 2 if (self.low(place), self.low(place + 1)) in AGES else place

    def _duration(self, place: int) -> tuple[str, Fraction] | None:
        low = self.low(place)
        if low in {"second", "min"} and self.kind(place - 1) != "number":
            return None
        return DURATIONS.get(low)

    def _unit(self, values: tuple[Fraction, ...], after: int) -> tuple[str, list[Key], int] | None:
        # 30-day and 30 days are the same.
        joined = after + 1 if self.low(after) == "-" and self.glued(after) and self.glued(after + 1) else after
        low = self.low(joined)
        if low in PERCENT:
            return "percentage", [("percent", v) for v in values], joined + 1
        if low == "per" and self.low(joined + 1) in {"cent", "cents"}:
            return "percentage", [("percent", v) for v in values], joined + 2
        if found := self._duration(joined):
            family, length = found
            keys: list[Key] = [("duration", family, v * length) for v in values]
            if (end := self._age(joined + 1)) > joined + 1:
                return "age", [*keys, *(("age", v) for v in values)], end
            return "duration", keys, joined + 1
        if low in CURRENCIES:
            return "amount", [("amount", CURRENCIES[low], v) for v in values], joined + 1
        if low in CENTS and (self.glued(joined) or low not in GLUED_ONLY):
            return "amount", [("amount", CENTS[low], v / 100) for v in values], joined + 1
        if low == "°" and self.low(joined + 1) in {"c", "f"}:
            return "number", [("measure", f"°{self.low(joined + 1)}", v) for v in values], joined + 2
        if low in MEASURES and (self.glued(joined) or low not in GLUED_ONLY) and self.kind(joined) != "":
            return "number", [("measure", MEASURES[low], v) for v in values], joined + 1
        return None

    def _part(self, place: int) -> tuple[Fact, int] | None:
        """Half an hour, half, a quarter, twice."""
        low = self.low(place)
        if low not in PARTS or self.low(place + 1) == "-":
            return None
        after = place + 1
        while self.low(after) in {"a", "an", "of"} and after < place + 3:
            after += 1
        if found := self._duration(after):
            family, length = found
            return self.fact("duration", place, after + 1, ("duration", family, PARTS[low] * length))
        return self.fact("number", place, place + 1, ("part", low, PARTS[low]), numbers=[PARTS[low]])

    def _day(self, place: int) -> tuple[Fact, int] | None:
        token = self.tokens[place]
        if token.low not in DAYS or token.text.islower() or (token.low in DOUBTFUL_DAYS and token.text.isupper()):
            return None
        return self.fact("date", place, place + 1, ("weekday", DAYS[token.low]))


def facts_of(text: str, tokens: list[Token]) -> list[tuple[Fact, int, int]]:
    """Return the facts of a folded text in order, each with the places of its first token and of the one after it."""
    reader, found, place = _Reader(text, tokens), [], 0
    while place < len(tokens):
        fact = reader.read(place)
        if fact:
            found.append((fact[0], place, fact[1]))
        place = fact[1] if fact else place + 1
    return found
