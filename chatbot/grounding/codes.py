"""Telephone numbers, and codes and versions: letters and digits that mean nothing but themselves."""

import re

from chatbot.grounding.reader import ORDINAL_ENDINGS, Found, Reader
from chatbot.grounding.vocabulary import (
    CENTS,
    CURRENCIES,
    DURATIONS,
    GLUED_DURATIONS,
    MAGNITUDES,
    MEASURES,
    O_CLOCK,
    PERCENT,
)

DIGITS_OF_A_PHONE = 7
# From one to another: 2024-2026.
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d[-/](?:19|20)\d\d(?!\d)")


class Codes(Reader):
    """Reads what is compared character by character."""

    def _phone(self, place: int) -> Found | None:
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
        if not plus and _YEARS.search(whole):
            return None
        if not digits or not (plus or len(digits) >= DIGITS_OF_A_PHONE) or (groups == 1 and "." in whole):
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

    def _code(self, place: int) -> Found | None:
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
        known = (
            *DURATIONS,
            *MEASURES,
            *CURRENCIES,
            *CENTS,
            *MAGNITUDES,
            *ORDINAL_ENDINGS,
            "am",
            "pm",
            "x",
            *GLUED_DURATIONS,
        )
        return unit in known or unit in PERCENT or unit in O_CLOCK
