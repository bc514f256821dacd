"""Numbers with what they count: amounts, percentages, durations, ages, measures, parts and places in an order."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from chatbot.grounding.languages import HALVES, ONE, PER_CENT, STREETS, other_number
from chatbot.grounding.numbers import readings, worded_number
from chatbot.grounding.reader import ORDINAL_ENDINGS, Fact, Found, Key, Reader
from chatbot.grounding.tokens import Token
from chatbot.grounding.vocabulary import (
    AGES,
    ARTICLED,
    ARTICLES,
    BEHIND_AMOUNTS,
    CENTS,
    COUNTED,
    CURRENCIES,
    DAY_ADJECTIVES,
    DURATIONS,
    GLUED_DURATIONS,
    GLUED_ONLY,
    LABELS,
    LARGE_CURRENCIES,
    MAGNITUDES,
    MEASURES,
    ORDINALS,
    PARTS,
    PERCENT,
    SCALES,
    SHORT_UNITS,
)

Values = tuple[Fraction, ...]
"""The readings of a number, the likeliest first."""
Unit = tuple[str, list[Key], int]
"""A kind of fact, its keys, and the place after it."""
# Of things that a source lists an answer may say how many they are, up to so many.
MOST_COUNTED = 10
DAYS_A_WEEK = 7
DEGREES = {"celsius": "°c", "centigrade": "°c", "fahrenheit": "°f", "c": "°c", "f": "°f"}
SPEEDS = {"mile": "mph", "km": "km/h"}
QUARTERS = {"quarters": Fraction(1, 4), "quarter": Fraction(1, 4), "thirds": Fraction(1, 3)}


def measure(unit: str, value: Fraction) -> Key:
    """Return the key of so much of a unit: the same for 90 cm and 0.9 m."""
    base, scale = SCALES.get(unit, (unit, Fraction(1)))
    return ("measure", base, value * scale)


def short_unit(fact: Fact, tokens: Sequence[Token], after: int) -> Fact | None:
    """Return what a plain number says with the letter behind it: `1 m` may be a metre. None where there is none."""
    unit = tokens[after].low if after < len(tokens) else ""
    if unit not in SHORT_UNITS or not fact.numbers or fact.keys[0][0] != "number":
        return None
    return replace(fact, keys=(measure(MEASURES[unit], fact.numbers[0]),))


class Figures(Reader):
    """Reads what begins with a number, in digits or words."""

    def _number(self, place: int) -> Found | None:
        """A number with its currency before it or its unit after it."""
        currency = CURRENCIES.get(self.low(place), "")
        if currency and self.kind(place + 1) == "number":
            values, after, _ = self._digits(place + 1)
            if self.glued(after) and (times := BEHIND_AMOUNTS.get(self.low(after))):
                values, after = tuple(v * times for v in values), after + 1
            return self.fact("amount", place, after, *[("amount", currency, v) for v in values], numbers=values)
        found = self._value(place)
        if found is None:
            return None
        values, after, bare = found
        if of_days := self._of_days(place, values, after):
            return of_days
        if unit := self._unit(values, after):
            kind, keys, end = unit
            if bare in ARTICLES | ONE and bare != "one" and keys[0][0] == "duration":
                keys = [("rate", *keys[0][1:], self.low(end - 1))]
            return self.fact(kind, place, end, *keys, numbers=values)
        return None if bare in ARTICLES | ONE else self._plain(place, values, after)

    def _plain(self, place: int, values: Values, after: int) -> Found:
        """A number without a unit: a factor, a place in an order, a count, or just a number."""
        if self.low(after) == "x" and self.glued(after) and self.kind(after + 1) != "number":
            return self.fact("number", place, after + 1, ("times", values[0]), numbers=values)
        if self._is_ordinal(place, after):
            return self.fact("number", place, after, ("ordinal", values[0]), numbers=values)
        kind = "counted" if self.low(after) in COUNTED and values[0] <= MOST_COUNTED else "number"
        keys = [(kind, values[0]), *(("number", value) for value in values[1:])]
        return self.fact("number", place, after, *keys, numbers=values)

    def _of_days(self, place: int, values: Values, after: int) -> Found | None:
        """Three quarters of an hour; and seven days a week, which is every day."""
        if part := self._parts_of(values, after):
            return self.fact("duration", place, part[1], part[0], numbers=values)
        if values[0] == DAYS_A_WEEK and (end := self._each_day(after)) > after:
            return self.fact("duration", place, end, ("word", "every day"))
        return None

    def _parts_of(self, values: Values, place: int) -> tuple[Key, int] | None:
        """Three quarters of an hour, and the place after it."""
        if self.low(place) not in QUARTERS:
            return None
        after = place + 1
        while self.low(after) in {"a", "an", "of"} and after < place + 3:
            after += 1
        found = self._duration(after)
        return (("duration", found[0], values[0] * QUARTERS[self.low(place)] * found[1]), after + 1) if found else None

    def _each_day(self, place: int) -> int:
        """The place after `days a week` here; the place itself where it does not stand here."""
        said = [self.low(place + step) for step in range(3)]
        return place + 3 if said[0] == "days" and said[1] in {"a", "per", "each"} and said[2] == "week" else place

    def _and_unit(self, value: Fraction, after: int) -> tuple[Values, int, str]:
        """A number in words of another language, and what a hyphen adds to it: vingt-cinq."""
        more = other_number(self.low(after + 1)) if self.low(after) == "-" and self.glued(after) else None
        if more is not None and more < 10 and value % 10 == 0:
            return (value + more,), after + 2, ""
        return (value,), after, ""

    def _labelled(self, place: int) -> Found | None:
        """A number that names: version 2, floor three."""
        label = self.low(place)
        if label.endswith(STREETS) and self.kind(place + 1) == "number":
            return self.fact("postal address", place, place + 2, ("pair", label, self.low(place + 1)))
        found = self._value(place + 1) if label in LABELS else None
        if found is None or found[2] in ARTICLES - {"one"} or self._unit(found[0], found[1]):
            return None
        kind = "version" if label in {"version", "release"} else "number"
        return self.fact(kind, place, found[1], ("labelled", label, found[0][0]), numbers=found[0])

    def _is_ordinal(self, place: int, after: int) -> bool:
        ending = self.low(after - 1) in ORDINAL_ENDINGS and self.glued(after - 1)
        return self.low(place) in ORDINALS or (ending and self.kind(place) == "number")

    def _value(self, place: int) -> tuple[Values, int, str] | None:
        """A number in digits, with a magnitude after it, or in words; the word itself where it is a single one."""
        if self.kind(place) == "number":
            return self._digits(place)
        if self.low(place) in ORDINALS:
            return (Fraction(ORDINALS[self.low(place)]),), place + 1, ""
        if found := worded_number([t.low for t in self.tokens[place : place + 16]]):
            value, length = found
            return (value,), place + length, self.low(place) if length == 1 else ""
        if (other := other_number(self.low(place))) is not None:
            return self._and_unit(other, place + 1)
        articles = ARTICLES | ONE
        if self.low(place) in articles and (self._duration(place + 1) or self.low(place + 1) in ARTICLED):
            return (Fraction(1),), place + 1, self.low(place)
        return None

    def _digits(self, place: int) -> tuple[Values, int, str]:
        values, after = readings(self.tokens[place].text), place + 1
        while self.kind(after) == "number" and re.fullmatch(r"\d{3}(?:[.,]\d+)?", self.low(after)):
            if not re.fullmatch(r"\d{1,3}", self.low(after - 1)):
                break
            values, after = (values[0] * 1000 + readings(self.tokens[after].text)[0],), after + 1
        if part := self._fraction(after):
            values, after = (values[0] / part,), after + 2
        elif self.kind(after) == "number" and (part := self._fraction(after + 1)):
            values, after = (values[0] + readings(self.tokens[after].text)[0] / part,), after + 3
        if self.glued(after) and self.low(after) in ORDINAL_ENDINGS:
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
        after = place + (self.low(place) == "-" and self.glued(place))
        if self.low(after) in {"old", "olds"}:
            return after + 1
        return after + 2 if (self.low(after), self.low(after + 1)) in AGES else place

    def _duration(self, place: int) -> tuple[str, Fraction] | None:
        low = self.low(place)
        if low in GLUED_DURATIONS and self.glued(place) and self.kind(place - 1) == "number":
            return DURATIONS[GLUED_DURATIONS[low]]
        if low in {"second", "min"} and self.kind(place - 1) != "number":
            return None
        return DURATIONS.get(low)

    def _unit(self, values: Values, after: int) -> Unit | None:
        """What a number is of, by the words after it."""
        place = after
        if self.low(after) == "+" and self.glued(after):
            place += 1  # 25+ years
        elif self.low(after) == "-" and self.glued(after) and self.glued(after + 1):
            place += 1  # 30-day and 30 days are the same
        ways = (self._percent, self._lasting, self._money, self._measured)
        return next((unit for way in ways if (unit := way(values, place))), None)

    def _percent(self, values: Values, place: int) -> Unit | None:
        low, following = self.low(place), self.low(place + 1)
        if low in PERCENT:
            return "percentage", [("percent", v) for v in values], place + 1
        if PER_CENT.get(low) == following or (low == "per" and following == "cents"):
            return "percentage", [("percent", v) for v in values], place + 2
        return None

    def _lasting(self, values: Values, place: int) -> Unit | None:
        # Five working days are not five days.
        sort = DAY_ADJECTIVES.get(self.low(place)) if self._duration(place + 1) else None
        place += sort is not None
        found = self._duration(place)
        if found is None:
            return None
        family, length = found
        keys: list[Key] = [("duration", f"{sort} {family}" if sort else family, v * length) for v in values]
        if (end := self._age(place + 1)) > place + 1:
            return "age", [*keys, *(("age", v) for v in values)], end
        return "duration", keys, place + 1

    def _money(self, values: Values, place: int) -> Unit | None:
        low = self.low(place)
        if low in LARGE_CURRENCIES:
            currency, times = LARGE_CURRENCIES[low]
            return "amount", [("amount", currency, v * times) for v in values], place + 1
        if low in CURRENCIES and not self._begins_amount(place):
            return "amount", [("amount", CURRENCIES[low], v) for v in values], place + 1
        if low in CENTS and (self.glued(place) or low not in GLUED_ONLY):
            return "amount", [("amount", CENTS[low], v / 100) for v in values], place + 1
        return None

    def _measured(self, values: Values, place: int) -> Unit | None:
        low, following = self.low(place), self.low(place + 1)
        unit = "°" if low == "°" else MEASURES.get(low)
        if unit is None or (low in GLUED_ONLY and not self.glued(place)):
            return None
        if unit == "°" and following in DEGREES:
            return "number", [("measure", DEGREES[following], v) for v in values], place + 2
        unit, end = self._speed(unit, place + 1)
        return "number", [measure(unit, v) for v in values], end

    def _half(self, place: int) -> Found | None:
        """Halbe Stunde, demi-heure: only of a time; alone the word means many things."""
        after = place + 1 + (self.low(place + 1) == "-")
        after += self.low(after) in {"de", "d'", "di"}
        found = self._duration(after)
        if found is None:
            return None
        return self.fact("duration", place, after + 1, ("duration", found[0], HALVES[self.low(place)] * found[1]))

    def _begins_amount(self, place: int) -> bool:
        """Whether a sign here belongs to the number after it: the full one £125."""
        return not self.low(place).isalpha() and self.glued(place + 1) and self.kind(place + 1) == "number"

    def _speed(self, unit: str, place: int) -> tuple[str, int]:
        """Return mph for miles an hour, and the place after it."""
        if unit in SPEEDS and self.low(place) in {"per", "an", "a"} and self.low(place + 1) == "hour":
            return SPEEDS[unit], place + 2
        return unit, place

    def _part(self, place: int) -> Found | None:
        """Half an hour, half, a quarter, twice."""
        low = self.low(place)
        if low in HALVES:
            return self._half(place)
        if low not in PARTS or self.low(place + 1) == "-" or self.low(place + 1).startswith("check"):
            return None
        after = place + 1
        while self.low(after) in {"a", "an", "of"} and after < place + 3:
            after += 1
        if found := self._duration(after):
            family, length = found
            return self.fact("duration", place, after + 1, ("duration", family, PARTS[low] * length))
        return self.fact("number", place, place + 1, ("part", low, PARTS[low]), numbers=[PARTS[low]])
