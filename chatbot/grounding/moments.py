"""Times of day, dates and days of the week."""

import re

from chatbot.grounding.dates import worded_date
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
        if said := self._said_time(place):
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

    def _small(self, place: int) -> int | None:
        if self.kind(place) == "number":
            return int(self.low(place)) if self.low(place).isdigit() and len(self.low(place)) < 3 else None
        return TENS.get(self.low(place), SMALL.get(self.low(place)))

    def _date(self, place: int) -> Found | None:
        if found := worded_date(self.tokens, place):
            key, after = found
            return self.fact("date", place, after, key, numbers=[n for n in (key[1], key[3]) if isinstance(n, int)])
        return None

    def _day(self, place: int) -> Found | None:
        token = self.tokens[place]
        if token.low not in DAYS or token.text.islower() or (token.low in DOUBTFUL_DAYS and token.text.isupper()):
            return None
        return self.fact("date", place, place + 1, ("weekday", DAYS[token.low]))
