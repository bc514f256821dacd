"""What a number comes to, in digits or in English words."""

import re
from collections.abc import Sequence
from fractions import Fraction

from chatbot.grounding.vocabulary import MAGNITUDES, SMALL, TENS

_THOUSANDS = re.compile(r"\d{1,3}(?:([,.'])\d{3})(?:\1\d{3})*")
# Longer ones are compared as they are written: nobody means them as a quantity.
_LONGEST = 30


def readings(text: str) -> tuple[Fraction, ...]:
    """Return what digits with points and commas can come to, the likeliest first: 1.500 is 1500 or one and a half."""
    text = text[:_LONGEST]
    if match := _THOUSANDS.fullmatch(text):
        whole = Fraction(int(re.sub(r"\D", "", text)))
        if text.startswith("0") or (match[1] == "." and text.count(".") == 1):
            return (_decimal(text), whole) if text.startswith("0") else (whole, _decimal(text))
        return (whole,)
    return (_decimal(text),)


def _decimal(text: str) -> Fraction:
    """The last separator is the decimal one, where there is one for it to be."""
    text = text.replace("'", "")
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return Fraction(int(text))
    whole, after = re.sub(r"\D", "", text[:last]) or "0", text[last + 1 :]
    return Fraction(int(whole)) + Fraction(int(after), 10 ** len(after))


def worded_number(words: Sequence[str]) -> tuple[Fraction, int] | None:
    """Return the number that these lower-case words begin with, and how many of them it takes."""
    total, current, place, seen = Fraction(0), Fraction(0), 0, False
    while place < len(words):
        word = words[place]
        if word in TENS or word in SMALL:
            value = TENS.get(word, SMALL.get(word, 0))
            if seen and not _goes_on(current, value):
                break
            current, seen, place = current + value, True, place + 1
        elif word in MAGNITUDES and word != "k" and (seen or _article_before(words, place)):
            scaled = (current or 1) * MAGNITUDES[word]
            total, current = (total + scaled, Fraction(0)) if scaled >= 1000 else (total, Fraction(scaled))
            seen, place = True, place + 1
        elif seen and word in {"and", "-"} and (step := _after_joint(words, place, current or total)):
            added, place = step
            current += added
        elif not seen and word in {"a", "an"} and place == 0 and words[1:2] and words[1] in MAGNITUDES:
            place += 1
        else:
            break
    return (total + current, place) if seen else None


def _article_before(words: Sequence[str], place: int) -> bool:
    return (place == 1 and words[0] in {"a", "an"}) or (place == 0 and words[0] == "dozen")


def _goes_on(current: Fraction, value: int) -> bool:
    """Whether `five` can follow `twenty`, or `twenty` `hundred`: after it the number is still one."""
    tens_before = current % 10 == 0 and current % 100 >= 20 and value < 10
    return current == 0 or current % 100 == 0 or tens_before


def _after_joint(words: Sequence[str], place: int, so_far: Fraction) -> tuple[Fraction, int] | None:
    """What `and` or a hyphen adds: two and a half, a hundred and five, twenty-five."""
    following = words[place + 1 : place + 3]
    if words[place] == "and" and following == ["a", "half"]:
        return Fraction(1, 2), place + 3
    if not following:
        return None
    value = TENS.get(following[0], SMALL.get(following[0]))
    if value is None:
        return None
    joins = so_far % 100 == 0 if words[place] == "and" else _goes_on(so_far, value) and so_far % 100 >= 20
    return (Fraction(value), place + 2) if joins else None
