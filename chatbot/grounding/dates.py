"""Dates in words and in numbers, as year, month and day, each None where it is not said."""

import re

from chatbot.grounding import languages
from chatbot.grounding.tokens import Token
from chatbot.grounding.vocabulary import DOUBTFUL_MONTHS, MONTHS, ORDINALS

Key = tuple[object, ...]
_ENDINGS = frozenset({"st", "nd", "rd", "th", "er"})
HOLIDAYS = {
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "boxing day": (12, 26),
    "new year's eve": (12, 31),
    "new year's day": (1, 1),
    "new years eve": (12, 31),
    "new years day": (1, 1),
}
_FIRSTS = {"first": 1, "second": 2} | ORDINALS


def numeric_date(text: str) -> list[Key]:
    """Return the readings of 2026-06-30, 30.6.2026 or 30/06/26; day and month either way where both are possible."""
    first, second, third = (int(part) for part in re.split("[./-]", text))
    if re.match(r"\d{4}", text):
        return [("date", first, second, third)]
    year = third + 2000 if third < 100 else third
    day_first, month_first = ("date", year, second, first), ("date", year, first, second)
    if "." in text or first > 12:
        return [day_first]
    return [month_first] if second > 12 else [("either", day_first, month_first)]


def month_of(token: Token | None) -> int | None:
    """Return the number of the month that a word names; a doubtful one (May, mar) has to begin with a capital."""
    if token is None or token.kind != "word" or token.low not in MONTHS:
        return None
    if token.text.islower() and (token.low in DOUBTFUL_MONTHS or len(token.low) < 4):
        return None
    return MONTHS[token.low]


def worded_date(tokens: list[Token], place: int) -> tuple[Key, int] | None:
    """Return the date in words that begins here, and the place after it."""

    def token(at: int) -> Token | None:
        return tokens[at] if at < len(tokens) else None

    if holiday := _holiday(tokens, place):
        return holiday
    day, after = _day(tokens, place)
    if day is not None:
        after = _skip(tokens, after, {"of", "de", "."})
        month = month_of(token(after))
        if month is None:
            return None
        year, end = _year(tokens, _skip(tokens, after + 1, {",", ".", "de"}))
        return ("date", year, month, day), end if year else after + 1
    month = month_of(token(place))
    if month is None:
        return None
    year, end = _year(tokens, _skip(tokens, place + 1, {",", "."}))
    if year:
        return ("date", year, month, None), end
    day, after = _day(tokens, _skip(tokens, place + 1, {".", "the"}))
    if day is not None:
        year, end = _year(tokens, _skip(tokens, after, {","}))
        return ("date", year, month, day), end if year else after
    # "May" and "March" alone are words; at the head of a sentence nobody can tell.
    return None if tokens[place].low in DOUBTFUL_MONTHS else (("date", None, month, None), place + 1)


def _holiday(tokens: list[Token], place: int) -> tuple[Key, int] | None:
    words = [token.low for token in tokens[place : place + 3]]
    if words and words[0] in languages.HOLIDAYS:
        return ("date", None, *languages.HOLIDAYS[words[0]]), place + 1
    for length in (2, 3):
        if (named := HOLIDAYS.get(" ".join(words[:length]))) and len(words) >= length:
            return ("date", None, *named), place + length
    return None


def _day(tokens: list[Token], place: int) -> tuple[int | None, int]:
    if place >= len(tokens):
        return None, place
    token = tokens[place]
    if token.kind == "word" and token.low in _FIRSTS:
        return _FIRSTS[token.low], place + 1
    if token.kind != "number" or not re.fullmatch(r"\d{1,2}", token.text) or not 1 <= int(token.text) <= 31:
        return None, place
    after = place + 1
    if after < len(tokens) and tokens[after].glued and tokens[after].low in _ENDINGS:
        after += 1
    return int(token.text), after


def _year(tokens: list[Token], place: int) -> tuple[int | None, int]:
    if place < len(tokens) and re.fullmatch(r"(?:1[89]|20|21)\d\d", tokens[place].text):
        return int(tokens[place].text), place + 1
    return None, place


def _skip(tokens: list[Token], place: int, words: set[str]) -> int:
    return place + 1 if place < len(tokens) and tokens[place].low in words else place
