"""Whether the run that follows belongs to the fact with which the runs before it end."""

import re
from collections.abc import Callable, Collection, Sequence

from chatbot.grounding.citations import OPEN_MARK
from chatbot.grounding.folding import fold
from chatbot.grounding.languages import HALVES, ONE, PER_CENT, STREETS, other_number
from chatbot.grounding.ranges import RANGE_JOINTS
from chatbot.grounding.tokens import Token, tokenise
from chatbot.grounding.vocabulary import (
    AFTER_NOON,
    AGES,
    BEFORE_NOON,
    CENTS,
    COUNTED,
    CURRENCIES,
    DAY_ADJECTIVES,
    DURATIONS,
    GLUED_ONLY,
    LABELS,
    LARGE_CURRENCIES,
    MAGNITUDES,
    MEASURES,
    MONTHS,
    NAMED_TIMES,
    O_CLOCK,
    ORDINALS,
    PERCENT,
    PERIODS,
    SHORT_UNITS,
    SMALL,
    TENS,
    WHICH,
)

_UNITS = (
    ((frozenset(DURATIONS) | PERCENT | frozenset(CURRENCIES) | frozenset(CENTS) | frozenset(MEASURES)) - GLUED_ONLY)
    | BEFORE_NOON
    | AFTER_NOON
    | O_CLOCK
    | frozenset(NAMED_TIMES)
    | COUNTED
    | set(PER_CENT)
    | {"h", *LARGE_CURRENCIES}
)
_WORDED = frozenset(SMALL) | frozenset(TENS) | frozenset(MAGNITUDES)
_ARTICLES = (
    frozenset({"a", "an", "per", "each", "every", "half", "quarter", "couple", "pour", "por"}) | ONE | set(HALVES)
)
QUARTERS = frozenset({"quarters", "thirds"})
_DISTANCES = frozenset(form for form, unit in MEASURES.items() if unit in {"mile", "km"})
_YEARS = frozenset({"year", "years", "month", "months"})
_BEFORE_AGE = frozenset(first for first, _ in AGES)
_AFTER_NUMBER = ("unit", "month", "magnitude", "sign", "adjective", "joint", "past")
_AFTER_WORDS: tuple[tuple[Collection[str], tuple[str, ...]], ...] = (
    ({"halb"}, ("worded", "number")),
    (_ARTICLES, ("unit", "magnitude", "article", "of", "past", "joint")),
    ({*CURRENCIES, "+", "("}, ("number",)),
    ({*MAGNITUDES, "per"}, ("magnitude", "cent")),
    (LABELS, ("number", "worded")),
    (WHICH, ("period",)),
    ({"christmas", "boxing", "new"}, ("holiday",)),
)
_LATER: tuple[tuple[Collection[str], tuple[str, ...]], ...] = (
    ({"year's", "years"}, ("holiday", "age")),
    (_YEARS, ("age",)),
    (RANGE_JOINTS, ("age", "number", "worded")),
    (QUARTERS, ("of",)),
    ({"past"}, ("number", "worded")),
    (_DISTANCES, ("per",)),
    ({"degree", "degrees"}, ("unit",)),
    (DAY_ADJECTIVES, ("unit",)),
)
_LINKS = frozenset({"of", "and", "-", "/", "(", ")", "+", "°", "the", "de"})


def goes_on(runs: Sequence[str], following: str | None) -> bool | None:
    """Tell whether `following` belongs to what `runs` end with; None where it is not there yet and may."""
    if OPEN_MARK.search(" ".join(runs)):
        return None if following is None else bool(re.match(r"\d|\]|sources?", following, re.IGNORECASE))
    tokens = _tokens(runs[-1])
    if not tokens:
        return False
    wanted = ("article",) if _is_week(runs) else _wanted(tokens, begun=len(runs) > 1)
    if not wanted:
        return False
    if following is None:
        return None
    next_tokens = _tokens(following)
    if not next_tokens:
        return False
    if "age" in wanted and _is_age(runs, next_tokens[0].low):
        return True
    return any(_is(kind, next_tokens) for kind in wanted if kind != "age")


def _tokens(run: str) -> list[Token]:
    return tokenise(fold(re.sub(r"\[\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*\](?!\()", "", run)))


def _wanted(tokens: list[Token], *, begun: bool) -> tuple[str, ...]:
    """What can follow a run that ends so."""
    last = tokens[-1]
    if last.kind == "mark" and last.text in ",." and len(tokens) > 1:
        before = tokens[-2]
        dated = before.low in MONTHS or before.kind == "number" or before.low in {"st", "nd", "rd", "th"}
        return ("month", "year") if dated else ()
    if last.low in MONTHS:
        return ("number", "the")
    if last.low.endswith(STREETS):
        return ("number",)
    if last.kind in {"number", "time", "version"}:
        return (*_AFTER_NUMBER, "number", "of")
    if last.low in ORDINALS or last.low in {"first", "second"} or _is_ordinal(tokens):
        return ("of", "month", "unit")
    if last.low in {")", "+"} and len(tokens) > 1 and tokens[-2].kind == "number":
        return ("number", *_AFTER_NUMBER)
    if _is_worded(last.low):
        return (*_AFTER_NUMBER, "worded", "and")
    for words, wanted in _AFTER_WORDS:
        if last.low in words:
            return wanted
    return _wanted_later(last.low) if begun else ()


def _wanted_later(low: str) -> tuple[str, ...]:
    """What can follow a word that can go on a fact but does not begin one."""
    for words, wanted in _LATER:
        if low in words:
            return wanted
    linked = ("number", "worded", "month", "article", "unit") if low in _LINKS else ()
    return (*linked, "age") if low in _BEFORE_AGE else linked


def _is_worded(word: str) -> bool:
    return word in _WORDED or other_number(word) is not None


def _is_week(runs: Sequence[str]) -> bool:
    """Whether `7 days` may go on with `a week`, which is every day."""
    return len(runs) > 1 and runs[-2].casefold() in {"7", "seven"} and runs[-1].casefold() == "days"


def _is_age(runs: Sequence[str], following: str) -> bool:
    """Whether years go on as an age: 17 years old, 18 years or older, 14 years of age."""
    last = runs[-1].casefold()
    if last in _YEARS:
        return following.rstrip("s") == "old" or following in _BEFORE_AGE
    return len(runs) > 1 and runs[-2].casefold() in _YEARS and (last, following) in AGES


def _is_ordinal(tokens: list[Token]) -> bool:
    return len(tokens) > 1 and tokens[-1].low in {"st", "nd", "rd", "th"} and tokens[-2].kind == "number"


def _is(kind: str, tokens: list[Token]) -> bool:
    return _CHECKS[kind](tokens[0], tokens)


def _has_number(tokens: list[Token]) -> bool:
    return len(tokens) > 1 and tokens[1].kind == "number"


_CHECKS: dict[str, Callable[[Token, list[Token]], bool]] = {
    "number": lambda first, tokens: (
        first.kind in {"number", "time", "date", "version"} or (first.low in "(+" and _has_number(tokens))
    ),
    "unit": lambda first, _: first.low in _UNITS or first.low in SHORT_UNITS,
    "month": lambda first, _: first.low in MONTHS,
    "year": lambda first, _: bool(re.fullmatch(r"\d{4}", first.text)),
    "of": lambda first, tokens: first.low == "of" and len(tokens) == 1,
    "the": lambda first, tokens: first.low == "the" and len(tokens) == 1,
    "magnitude": lambda first, _: first.low in MAGNITUDES,
    "worded": lambda first, _: _is_worded(first.low),
    "and": lambda first, tokens: first.low == "and" and len(tokens) == 1,
    "article": lambda first, _: first.low in {"a", "an", "half", "per", "each"} or first.low in HALVES,
    "adjective": lambda first, _: first.low in DAY_ADJECTIVES or first.low in QUARTERS,
    "joint": lambda first, tokens: first.low in RANGE_JOINTS and len(tokens) == 1,
    "past": lambda first, _: first.low == "past",
    "per": lambda first, _: first.low in {"per", "an", "a"},
    "holiday": lambda first, _: first.low in {"eve", "day", "year's", "years"},
    "period": lambda first, _: first.low in PERIODS,
    "sign": lambda first, tokens: first.low in {"-", "/", ")", "°", "%"} and len(tokens) <= 2,
    "cent": lambda first, _: first.low in {"cent", "cents", "ciento"},
}
