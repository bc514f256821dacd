"""Times of day, dates and days of the week."""

import re
from fractions import Fraction

from chatbot.grounding import languages
from chatbot.grounding.dates import worded_date
from chatbot.grounding.languages import other_number
from chatbot.grounding.numbers import readings
from chatbot.grounding.reader import Found, Key, Reader
from chatbot.grounding.vocabulary import (
    AFTER_NOON,
    BEFORE_NOON,
    DAYS,
    DOUBTFUL_DAYS,
    NAMED_TIMES,
    O_CLOCK,
    SMALL,
    TENS,
)

MINUTES = {"half": 30, "quarter": 15}


class Moments(Reader):
    """Reads when something is."""

    def _time(self, place: int) -> Found | None:
        low, kind = self.low(place), self.kind(place)
        if said := self._said_time(place) or self._hours(place):
            return said
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

    def _said_time(self, place: int) -> Found | None:
        """Half past five, quarter to six, ten past three: in the morning or in the afternoon."""
        minutes = MINUTES.get(self.low(place)) or self._small(place)
        side, hour = self.low(place + 1), self._small(place + 2)
        if minutes is None or side not in {"past", "to"} or not hour or hour > 12 or minutes >= 60:
            return None
        if side == "to" and self.low(place) not in MINUTES:
            return None  # "five to six" may be a range
        at = hour % 12 * 60 + (minutes if side == "past" else -minutes)
        keys = ("time", at % 1440), ("time", (at + 720) % 1440)
        return self.fact("time", place, place + 3, *keys, numbers={hour})

    def _hours(self, place: int) -> Found | None:
        """9 h, 14 h 30, acht Uhr, halb zehn."""
        if self.low(place) == "halb" and (hour := self._small(place + 1)):
            at = (hour % 12 * 60 - 30) % 720
            return self.fact("time", place, place + 2, ("time", at), ("time", at + 720), numbers={hour})
        hour = self._small(place)
        if hour is None or hour >= 24:
            return None
        if self.low(place + 1) in O_CLOCK and self.kind(place) == "word":
            keys: list[Key] = [("time", hour * 60), ("time", (hour % 12 + 12) * 60)]
            return self.fact("time", place, place + 2, *keys, numbers={hour})
        if self.low(place + 1) != "h" or self.kind(place) != "number":
            return None
        if re.fullmatch(r"[0-5]\d", self.low(place + 2)) and self.kind(place + 2) == "number":
            return self.fact("time", place, place + 3, ("time", hour * 60 + int(self.low(place + 2))), numbers={hour})
        # An hour of the day, or so many hours.
        return self.fact(
            "time", place, place + 2, ("time", hour * 60), ("duration", "minutes", Fraction(60 * hour)), numbers={hour}
        )

    def _small(self, place: int) -> int | None:
        if self.kind(place) == "number":
            return int(self.low(place)) if self.low(place).isdigit() and len(self.low(place)) < 3 else None
        other = other_number(self.low(place))
        return TENS.get(
            self.low(place), SMALL.get(self.low(place), int(other) if other and other == int(other) else None)
        )

    def _date(self, place: int) -> Found | None:
        if found := worded_date(self.tokens, place):
            key, after = found
            return self.fact("date", place, after, key, numbers=[n for n in (key[1], key[3]) if isinstance(n, int)])
        return self._short_date(place)

    def _short_date(self, place: int) -> Found | None:
        """24.12. is a day, or a number at the end of a sentence."""
        found = re.fullmatch(r"([0-3]?\d)\.([01]?\d)", self.low(place)) if self.low(place + 1) == "." else None
        if found is None or not self.glued(place + 1) or not 0 < int(found[2]) <= 12 or not 0 < int(found[1]) <= 31:
            return None
        numbers = readings(self.low(place))
        keys: list[Key] = [("date", None, int(found[2]), int(found[1])), *(("number", value) for value in numbers)]
        return self.fact("date", place, place + 1, *keys, numbers=numbers)

    def _day(self, place: int) -> Found | None:
        token = self.tokens[place]
        if token.low in languages.DAYS:
            return self.fact("date", place, place + 1, ("weekday", languages.DAYS[token.low]))
        if token.low not in DAYS or token.text.islower() or (token.low in DOUBTFUL_DAYS and token.text.isupper()):
            return None
        return self.fact("date", place, place + 1, ("weekday", DAYS[token.low]))
